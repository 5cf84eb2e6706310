package ledger

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"strings"

	"github.com/ewoks-hpc/ewoks-hpc/campaign"
)

// Added tells what AddRows did.
type Added struct {
	// Rows is the number of rows that the campaign has now.
	Rows int
	// Kept rows were there already with the same key, and keep their state.
	Kept int
	// Dropped rows were there, and no row of the table has their key any more.
	Dropped int
}

// batch is the number of rows of one transaction, group that of one statement.
const (
	batch = 10_000
	group = 50
)

// Submission is what a campaign is to do from now on.
type Submission struct {
	// Header and Document replace those that the ledger has, together with the rows;
	// nil keeps them.
	Header   *Header
	Document json.RawMessage
	// Items stream; their numbers must differ.
	Items iter.Seq2[campaign.Item, error]
}

// AddRows makes items the rows of the campaign: Submit without anything else.
func (l *Ledger) AddRows(ctx context.Context, items iter.Seq2[campaign.Item, error]) (Added, error) {
	return l.Submit(ctx, Submission{Items: items})
}

// Submit makes items the rows of the campaign, and the campaign active if it was
// not yet. Rows that are there already keep their state if their key is the same,
// whatever their number was; all others wait. If it fails the first time, the phase
// stays Filling, and Submit may be called again; on a campaign that has rows it
// changes everything or nothing. It refuses if a row that is running would get
// another number or be dropped.
func (l *Ledger) Submit(ctx context.Context, s Submission) (added Added, err error) {
	phase, err := l.Phase(ctx)
	if err != nil {
		return added, err
	}
	if phase == Filling {
		added.Rows, err = l.fill(ctx, s)
	} else {
		added, err = l.replace(ctx, s)
	}
	if err != nil {
		return Added{}, l.failed(err)
	}
	return added, nil
}

// settings writes what a submission says besides its rows.
func (s *Submission) settings(tx *sql.Tx) error {
	if s.Header != nil {
		value, err := json.Marshal(s.Header)
		if err != nil {
			return err
		}
		if err := put(tx, "header", value); err != nil {
			return err
		}
	}
	if s.Document != nil {
		if err := put(tx, "workflow", s.Document); err != nil {
			return err
		}
	}
	_, err := tx.Exec("UPDATE meta SET value = ? WHERE name = 'phase' AND value = ?", []byte(Active), []byte(Filling))
	return err
}

// fill adds rows to a campaign that nothing runs of yet, batch by batch. What an
// interrupted one has left is removed.
func (l *Ledger) fill(ctx context.Context, s Submission) (n int, err error) {
	next, stop := iter.Pull2(s.Items)
	defer stop()
	for first, more := true, true; more; first = false {
		err := l.write(ctx, func(tx *sql.Tx) (err error) {
			if first {
				if _, err := tx.Exec("DELETE FROM rows"); err != nil {
					return err
				}
			}
			var count int
			if count, more, err = insert(ctx, tx, "rows", next, batch); err != nil {
				return err
			}
			if n += count; !more {
				return s.settings(tx)
			}
			return nil
		})
		if err != nil {
			return n, err
		}
	}
	return n, nil
}

// preparer is a transaction or a connection.
type preparer interface {
	PrepareContext(ctx context.Context, query string) (*sql.Stmt, error)
}

// insert writes up to limit items; more is false at the end.
func insert(ctx context.Context, p preparer, table string, next func() (campaign.Item, error, bool), limit int) (n int, more bool, err error) {
	var full *sql.Stmt
	for n < limit {
		args, end, err := gather(next)
		if err != nil {
			return n, false, err
		}
		rows := len(args) / 4
		if rows == group && full == nil {
			if full, err = p.PrepareContext(ctx, insertSQL(table, group)); err != nil {
				return n, false, err
			}
			defer full.Close()
		}
		switch {
		case rows == group:
			_, err = full.ExecContext(ctx, args...)
		case rows > 0:
			err = execOnce(ctx, p, insertSQL(table, rows), args)
		}
		n += rows
		if err != nil || end {
			return n, false, err
		}
	}
	return n, true, nil
}

func execOnce(ctx context.Context, p preparer, query string, args []any) error {
	s, err := p.PrepareContext(ctx, query)
	if err != nil {
		return err
	}
	_, err = s.ExecContext(ctx, args...)
	return errors.Join(err, s.Close())
}

// gather takes as many items as one statement inserts.
func gather(next func() (campaign.Item, error, bool)) (args []any, end bool, err error) {
	args = make([]any, 0, 4*group)
	for len(args) < 4*group {
		item, err, ok := next()
		if !ok {
			return args, true, nil
		}
		if err == nil && (item.Number < 0 || item.Key == "" || len(item.Params) == 0) {
			err = fmt.Errorf("row %d has no key or no parameters", item.Number)
		}
		if err != nil {
			return nil, true, err
		}
		args = append(args, item.Number, item.Key, string(item.Params), item.Priority)
	}
	return args, false, nil
}

func insertSQL(table string, rows int) string {
	return "INSERT INTO " + table + " (number, key, params, priority) VALUES " + strings.TrimSuffix(strings.Repeat("(?,?,?,?),", rows), ",")
}

// stage is for the new rows; SQLite keeps it in a file of its own.
const stage = `
	DROP TABLE IF EXISTS temp.incoming;
	CREATE TEMP TABLE incoming (number INTEGER PRIMARY KEY, key TEXT NOT NULL, params TEXT NOT NULL, priority INTEGER NOT NULL)`

// pair finds the rows that were there already. Equal keys are paired in order.
const pair = `
	DROP TABLE IF EXISTS temp.pairs;
	CREATE TEMP TABLE pairs (number INTEGER PRIMARY KEY, old INTEGER NOT NULL);
	INSERT INTO pairs
		SELECT n.number, o.number
		FROM (SELECT number, key, row_number() OVER (PARTITION BY key ORDER BY number) AS copy FROM incoming) n
		JOIN (SELECT number, key, row_number() OVER (PARTITION BY key ORDER BY number) AS copy FROM rows) o
		ON n.key = o.key AND n.copy = o.copy`

// merge replaces the rows by the new ones.
const merge = `
	CREATE TABLE new_rows ` + rowTypes + `;
	INSERT INTO new_rows (number, key, params, priority, state, attempts, floor, fresh, ` + details + `, outputs)
		SELECT i.number, i.key, i.params, i.priority, coalesce(r.state, 'waiting'), coalesce(r.attempts, 0), coalesce(r.floor, 0), coalesce(r.fresh, 0),
			coalesce(r.attempt, 0), r.cause, r.run, r.worker, r.job, r.node, r.started, r.ended, r.memory, r.error_type, r.message, r.task, r.log, r.steps, r.outputs
		FROM incoming i LEFT JOIN pairs p ON p.number = i.number LEFT JOIN rows r ON r.number = p.old ORDER BY i.number;
	CREATE TABLE new_history ` + historyTypes + `;
	INSERT INTO new_history (number, state, ` + details + `)
		SELECT p.number, h.state, ` + details + ` FROM pairs p JOIN history h ON h.number = p.old;
	DROP TABLE rows;
	DROP TABLE history;
	ALTER TABLE new_rows RENAME TO rows;
	ALTER TABLE new_history RENAME TO history;` + indexes

// replace stages the new rows, and merges them in one transaction.
func (l *Ledger) replace(ctx context.Context, s Submission) (added Added, err error) {
	conn, err := l.db.Conn(ctx)
	if err != nil {
		return added, err
	}
	defer conn.Close()
	defer func() { err = errors.Join(err, dropStage(conn)) }()
	if err := fillStage(ctx, conn, s.Items); err != nil {
		return added, err
	}
	l.writing.Lock()
	defer l.writing.Unlock()
	tx, err := conn.BeginTx(ctx, nil)
	if err != nil {
		return added, err
	}
	defer tx.Rollback()
	if added, err = l.merge(tx); err != nil {
		return added, err
	}
	if err := s.settings(tx); err != nil {
		return added, err
	}
	return added, tx.Commit()
}

func (l *Ledger) merge(tx *sql.Tx) (added Added, err error) {
	if _, err := tx.Exec(pair); err != nil {
		return added, err
	}
	var before, moved int
	if err := tx.QueryRow(`SELECT count(*), coalesce(sum(state = 'running' AND number NOT IN (SELECT old FROM pairs WHERE old = number)), 0) FROM rows`).Scan(&before, &moved); err != nil {
		return added, err
	}
	if moved > 0 {
		return added, &Error{Path: l.path, Message: fmt.Sprintf("%d rows are running that are others now", moved), Advice: "pause the campaign and wait for them, or cancel it; or choose another name"}
	}
	if _, err := tx.Exec(merge); err != nil {
		return added, err
	}
	err = tx.QueryRow("SELECT (SELECT count(*) FROM rows), (SELECT count(*) FROM pairs)").Scan(&added.Rows, &added.Kept)
	added.Dropped = before - added.Kept
	return added, err
}

// fillStage does not lock the ledger: others go on while a long table is read.
func fillStage(ctx context.Context, conn *sql.Conn, items iter.Seq2[campaign.Item, error]) error {
	if _, err := conn.ExecContext(ctx, stage+"; BEGIN DEFERRED"); err != nil {
		return err
	}
	next, stop := iter.Pull2(items)
	defer stop()
	_, _, err := insert(ctx, conn, "incoming", next, campaign.MaxRows)
	_, end := conn.ExecContext(context.WithoutCancel(ctx), "COMMIT")
	return errors.Join(err, end)
}

func dropStage(conn *sql.Conn) error {
	_, err := conn.ExecContext(context.Background(), "DROP TABLE IF EXISTS temp.incoming; DROP TABLE IF EXISTS temp.pairs")
	return err
}
