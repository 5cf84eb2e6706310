package ledger

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"sync"

	_ "modernc.org/sqlite" // the driver "sqlite"
)

// Ledger is an open ledger. Its methods may be called at the same time; several
// processes may have it open.
type Ledger struct {
	path string
	db   *sql.DB
	// writer has a connection of its own: results are not kept waiting by those
	// who read slowly. Writing is held by the one transaction that writes, so that
	// those of this process queue instead of polling.
	writer  *sql.DB
	writing sync.Mutex
	// beginning and finishing are what is executed for every row, nil before the first.
	beginning, finishing *sql.Stmt
}

// Options are how a ledger is kept.
type Options struct {
	// Strict syncs every transaction to the disk. Without it a crash of the
	// machine may lose the last ones; a crash of the program never does.
	Strict bool
	// MaxBytes bounds the size of the file; 0 is no limit. Beyond it, writing
	// fails with ErrFull.
	MaxBytes int64
}

const (
	pageBytes  = 4096
	cacheKiB   = 4 << 10 // of each connection; with more, recording rows is no faster
	readers    = 4       // connections; more wait for one
	busyMillis = 20_000
)

// Create makes the ledger of a new campaign, a file of mode 0600, and its folder
// if need be. It fails if the file exists.
func Create(ctx context.Context, path string, h Header, o Options) (*Ledger, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, &Error{Path: path, Cause: err}
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return nil, &Error{Path: path, Message: "it exists already", Cause: err, Advice: "choose another name for the campaign, or go on with this one"}
	}
	if err != nil {
		return nil, &Error{Path: path, Cause: err}
	}
	f.Close()
	l, err := connect(path, o)
	if err != nil {
		return nil, err
	}
	if err := l.initialize(ctx, h); err != nil {
		return nil, errors.Join(l.failed(err), l.Close(), os.Remove(path))
	}
	return l, nil
}

func (l *Ledger) initialize(ctx context.Context, h Header) error {
	header, err := json.Marshal(h)
	if err != nil {
		return err
	}
	return l.write(ctx, func(tx *sql.Tx) error {
		if _, err := tx.Exec(schema); err != nil {
			return err
		}
		if _, err := tx.Exec(fmt.Sprintf("PRAGMA application_id = %d; PRAGMA user_version = %d", application, version)); err != nil {
			return err
		}
		for name, value := range map[string][]byte{"header": header, "phase": []byte(Filling)} {
			if err := put(tx, name, value); err != nil {
				return err
			}
		}
		return nil
	})
}

// Open opens the ledger of a campaign. It changes nothing in it: see Recover.
func Open(ctx context.Context, path string, o Options) (*Ledger, error) {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return nil, &Error{Path: path, Cause: err, Advice: "check the name of the campaign"}
	case !info.Mode().IsRegular():
		return nil, &Error{Path: path, Message: "not a regular file"}
	case info.Mode().Perm()&0o077 != 0:
		return nil, &Error{Path: path, Message: fmt.Sprintf("others may read or write it (mode %04o)", info.Mode().Perm()), Advice: "chmod 600 " + path}
	}
	l, err := connect(path, o)
	if err != nil {
		return nil, err
	}
	if err := l.check(ctx); err != nil {
		return nil, errors.Join(l.failed(err), l.Close())
	}
	return l, nil
}

// check refuses files of others, and of later versions.
func (l *Ledger) check(ctx context.Context) error {
	var app, schemaVersion int
	if err := l.db.QueryRowContext(ctx, "PRAGMA application_id").Scan(&app); err != nil {
		return err
	}
	if err := l.db.QueryRowContext(ctx, "PRAGMA user_version").Scan(&schemaVersion); err != nil {
		return err
	}
	if app != application {
		return &Error{Path: l.path, Message: "the file is no ledger of a campaign"}
	}
	if schemaVersion != version {
		return &Error{Path: l.path, Message: fmt.Sprintf("version %d of the ledger, this program knows %d", schemaVersion, version), Advice: "use the version of ewoks-hpc that made it"}
	}
	return nil
}

func connect(path string, o Options) (*Ledger, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, &Error{Path: path, Cause: err}
	}
	synchronous := "normal"
	if o.Strict {
		synchronous = "full"
	}
	query := url.Values{"_txlock": {"immediate"}, "_pragma": {
		fmt.Sprintf("busy_timeout(%d)", busyMillis), "journal_mode(wal)", "synchronous(" + synchronous + ")",
		fmt.Sprintf("cache_size(-%d)", cacheKiB), "journal_size_limit(67108864)", "trusted_schema(off)",
	}}
	if o.MaxBytes > 0 {
		query.Add("_pragma", fmt.Sprintf("max_page_count(%d)", max(1, o.MaxBytes/pageBytes)))
	}
	name := url.URL{Scheme: "file", OmitHost: true, Path: path, RawQuery: query.Encode()}
	l := &Ledger{path: path}
	for _, use := range []struct {
		db          **sql.DB
		connections int
	}{{&l.db, readers}, {&l.writer, 1}} {
		if *use.db, err = sql.Open("sqlite", name.String()); err != nil {
			return nil, &Error{Path: path, Cause: err}
		}
		(*use.db).SetMaxOpenConns(use.connections)
		(*use.db).SetMaxIdleConns(use.connections)
	}
	return l, nil
}

// Close ends the use of the ledger.
func (l *Ledger) Close() error { return l.failed(errors.Join(l.db.Close(), l.writer.Close())) }

// Path is the file of the ledger.
func (l *Ledger) Path() string { return l.path }

// prepare makes a statement of the writer, unless it is there already. Within a
// transaction it would wait for its own connection.
func (l *Ledger) prepare(ctx context.Context, s **sql.Stmt, query string) (err error) {
	l.writing.Lock()
	defer l.writing.Unlock()
	if *s == nil {
		*s, err = l.writer.PrepareContext(ctx, query)
	}
	return l.failed(err)
}

// write runs a transaction. When it returns nil, what was written is kept.
func (l *Ledger) write(ctx context.Context, change func(tx *sql.Tx) error) error {
	l.writing.Lock()
	defer l.writing.Unlock()
	tx, err := l.writer.BeginTx(ctx, nil)
	if err != nil {
		return l.failed(err)
	}
	defer tx.Rollback() // does nothing after Commit
	if err := change(tx); err != nil {
		return l.failed(err)
	}
	return l.failed(tx.Commit())
}
