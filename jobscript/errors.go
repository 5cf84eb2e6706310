package jobscript

import "fmt"

// OptionError says which option of a pool is wrong, and why.
type OptionError struct {
	Option string // key of the option: "job_extra_directives"
	Reason string
	hint   string
}

func (e *OptionError) Error() string { return e.Option + ": " + e.Reason }

// Hint says what to write instead; it may be empty.
func (e *OptionError) Hint() string { return e.hint }

func (e *OptionError) withHint(hint string) *OptionError {
	e.hint = hint
	return e
}

// refuse makes an error without the name of the option, which in fills in.
func refuse(format string, args ...any) *OptionError {
	return &OptionError{Reason: fmt.Sprintf(format, args...)}
}

// in names the option that err is about.
func in(option string, err error) error {
	if e, ok := err.(*OptionError); ok && e.Option == "" {
		return &OptionError{Option: option, Reason: e.Reason, hint: e.hint}
	}
	return err
}
