package resource

import "fmt"

// ValueError says that a text is not an amount or a time.
type ValueError struct{ reason, hint string }

func (e *ValueError) Error() string { return e.reason }

// Hint says what to write instead; it may be empty.
func (e *ValueError) Hint() string { return e.hint }

func (e *ValueError) withHint(hint string) *ValueError {
	e.hint = hint
	return e
}

func refuse(format string, args ...any) *ValueError {
	return &ValueError{reason: fmt.Sprintf(format, args...)}
}
