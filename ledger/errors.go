package ledger

import (
	"errors"
	"fmt"
	"path/filepath"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// Error is a ledger that cannot be used.
type Error struct {
	Path    string
	Message string
	Advice  string
	Cause   error
}

// Error names the file.
func (e *Error) Error() string {
	text := "ledger " + e.Path
	if e.Message != "" {
		text += ": " + e.Message
	}
	if e.Cause != nil {
		text += ": " + e.Cause.Error()
	}
	return text
}

// Unwrap returns the cause, if there is one.
func (e *Error) Unwrap() error { return e.Cause }

// Hint says what to do.
func (e *Error) Hint() string { return e.Advice }

// ErrFull is the cause of errors on a full disk. What was acknowledged before is
// kept, and the call may be repeated once there is room.
var ErrFull = errors.New("no space left")

// failed says what an error of SQLite means. It keeps nil and errors of its own.
func (l *Ledger) failed(err error) error {
	var own *Error
	if err == nil || errors.As(err, &own) {
		return err
	}
	e := &Error{Path: l.path, Cause: err}
	var db *sqlite.Error
	if !errors.As(err, &db) {
		return e
	}
	switch db.Code() & 0xff {
	case sqlite3.SQLITE_FULL:
		e.Cause = fmt.Errorf("%w (%v)", ErrFull, err)
		e.Advice = "make room in " + filepath.Dir(l.path) + "; what was recorded is kept"
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		e.Advice = "another program holds the ledger; try again when it has ended"
	case sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB:
		e.Message, e.Advice = "the file is damaged or is no ledger", "restore it from a copy, or submit the campaign under a new name"
	case sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY:
		e.Advice = "check the disk, and the rights of " + filepath.Dir(l.path)
	}
	return e
}
