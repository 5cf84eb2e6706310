package ledger

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/ewoks-hpc/ewoks-hpc/campaign"
	"github.com/ewoks-hpc/ewoks-hpc/task"
)

// Limits of what is kept of one row.
const (
	MaxOutputs = 1 << 20 // bytes; larger outputs are replaced by their size
	maxMessage = 16 << 10
)

// Cause is why a row was, or will be, tried again; empty the first time.
type Cause string

const (
	// Lost: the worker vanished. It is not the row's fault.
	Lost Cause = "lost"
	// Interrupted: the launcher was ended, or somebody ended the run but not the
	// campaign. It says nothing about the row.
	Interrupted Cause = "interrupted"
	// Retry: the row had failed.
	Retry Cause = "retry"
	// Rerun: somebody asked for a row that was done.
	Rerun Cause = "rerun"
)

// Start is an attempt at a row that begins.
type Start struct {
	Number int
	// Run is the id of the run; no two attempts have the same.
	Run string
	// Worker, Job and Node may be empty: Result may tell them too.
	Worker, Job, Node string
	At                time.Time
}

// Result is how an attempt at a row ended.
type Result struct {
	Number int
	// Run is that of the Start.
	Run string
	// State is Done, Failed or Cancelled, or Waiting if the row is to be tried
	// again because of Cause: Lost, Interrupted, or Retry after Failure.
	State             campaign.State
	Cause             Cause
	Worker, Job, Node string
	Started, Ended    time.Time
	// PeakMemory is in bytes, 0 if it is not known.
	PeakMemory int64
	// Outputs is JSON.
	Outputs json.RawMessage
	// Failure is why a row failed, and Task the node of the workflow.
	Failure task.Failure
	Task    string
	// Log says where the output of the row is.
	Log string
	// Steps are the tasks of the row, if they were executed as one; MaxSteps of them
	// are kept.
	Steps []task.Step
}

// Next returns up to n rows that wait: those with the highest priority, and of
// these the first. They keep waiting until Begin.
func (l *Ledger) Next(ctx context.Context, n int) ([]campaign.Item, error) {
	rows, err := l.db.QueryContext(ctx, `SELECT number, key, params, priority FROM rows WHERE state = 'waiting' ORDER BY priority DESC, number LIMIT ?`, max(n, 0))
	if err != nil {
		return nil, l.failed(err)
	}
	defer rows.Close()
	var items []campaign.Item
	for rows.Next() {
		var item campaign.Item
		var params string
		if err := rows.Scan(&item.Number, &item.Key, &params, &item.Priority); err != nil {
			return nil, l.failed(err)
		}
		item.Params = json.RawMessage(params)
		items = append(items, item)
	}
	return items, l.failed(rows.Err())
}

const begin = `UPDATE rows SET state = 'running', attempts = attempts + 1, attempt = attempts + 1, run = ?, worker = ?, job = ?, node = ?, started = ?
	WHERE number = ? AND state = 'waiting'`

// Begin records that attempts begin, all or none. Refused are the rows that do
// not wait: they were cancelled or begun by somebody else, and must not run.
func (l *Ledger) Begin(ctx context.Context, starts ...Start) (refused []int, err error) {
	if err := l.prepare(ctx, &l.beginning, begin); err != nil {
		return nil, err
	}
	err = l.write(ctx, func(tx *sql.Tx) error {
		update := tx.StmtContext(ctx, l.beginning)
		for _, s := range starts {
			if s.Run == "" {
				return fmt.Errorf("row %d begins without a run", s.Number)
			}
			ok, err := changed(update.Exec(s.Run, text(s.Worker), text(s.Job), text(s.Node), micros(s.At), s.Number))
			if err != nil {
				return err
			}
			if !ok {
				refused = append(refused, s.Number)
			}
		}
		return nil
	})
	return refused, err
}

// finish settles the attempt that is running.
const finish = `UPDATE rows SET state = ?, worker = coalesce(?, worker), job = coalesce(?, job), node = coalesce(?, node), started = coalesce(?, started),
	ended = ?, memory = ?, outputs = ?, error_type = ?, message = ?, task = ?, log = ?, steps = ? WHERE number = ? AND run = ? AND state = 'running'`

// Finish records results in one transaction: when it returns without an error,
// they are kept. Of a row the first success counts, whichever attempt it is of;
// anything else counts only for the attempt that runs. Stale are the rows whose
// result did not count.
func (l *Ledger) Finish(ctx context.Context, results ...Result) (stale []int, err error) {
	if err := l.prepare(ctx, &l.finishing, finish); err != nil {
		return nil, err
	}
	err = l.write(ctx, func(tx *sql.Tx) error {
		f := finisher{tx, tx.StmtContext(ctx, l.finishing)}
		for i := range results {
			ok, err := f.finish(&results[i])
			if err != nil {
				return fmt.Errorf("row %d: %w", results[i].Number, err)
			}
			if !ok {
				stale = append(stale, results[i].Number)
			}
		}
		return nil
	})
	return stale, err
}

type finisher struct {
	tx     *sql.Tx
	settle *sql.Stmt
}

func (f finisher) finish(r *Result) (bool, error) {
	state := r.State
	switch {
	case state == campaign.Waiting && r.Cause == Retry:
		state = campaign.Failed
	case state == campaign.Waiting && (r.Cause == Lost || r.Cause == Interrupted):
		state = campaign.State(r.Cause)
	case state != campaign.Done && state != campaign.Failed && state != campaign.Cancelled:
		return false, fmt.Errorf("an attempt cannot end as %q, cause %q", r.State, r.Cause)
	}
	ok, err := f.update(r, state)
	switch {
	case err != nil:
		return false, err
	case !ok && state == campaign.Done:
		return f.late(r)
	case ok && r.State == campaign.Waiting:
		return ok, again(f.tx, "number = ?", []any{r.Number}, r.Cause)
	}
	return ok, nil
}

func (f finisher) update(r *Result, state campaign.State) (bool, error) {
	var kind string
	if state == campaign.Failed {
		kind = cmp.Or(r.Failure.Type, string(r.Failure.Cause), "unknown error")
	}
	return changed(f.settle.Exec(state, text(r.Worker), text(r.Job), text(r.Node), micros(r.Started), micros(r.Ended), bytes(r.PeakMemory), outputs(r.Outputs),
		text(kind), text(cut(r.Failure.Message)), text(r.Task), text(r.Log), encodeSteps(r.Steps), r.Number, r.Run))
}

// late takes the success of an attempt that had been given up, unless the row
// is done or was asked for again since. What came of the row meanwhile goes to
// the history.
func (f finisher) late(r *Result) (bool, error) {
	var attempt int
	var cause sql.NullString
	err := f.tx.QueryRow(`SELECT a.attempt, a.cause FROM rows JOIN (
			SELECT number, attempt, cause, run FROM history WHERE number = ?1 AND run = ?2
			UNION ALL SELECT number, attempt, cause, run FROM rows WHERE number = ?1 AND run = ?2
		) a USING (number) WHERE rows.state <> 'done' AND a.attempt > rows.floor LIMIT 1`, r.Number, r.Run).Scan(&attempt, &cause)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	for _, query := range []string{
		archive + "number = ?1 AND attempt <> ?2",
		"DELETE FROM history WHERE number = ?1 AND attempt = ?2",
		"UPDATE rows SET " + cleared + " WHERE number = ?1 AND attempt <> ?2",
		"UPDATE rows SET state = 'running', attempt = ?2, run = ?3, cause = ?4 WHERE number = ?1",
	} {
		if _, err := f.tx.Exec(query, r.Number, attempt, r.Run, cause); err != nil {
			return false, err
		}
	}
	return f.update(r, campaign.Done)
}

// again makes the rows of a condition wait; what they have goes to the history.
func again(tx *sql.Tx, where string, args []any, cause Cause) error {
	if _, err := tx.Exec(archive+where, args...); err != nil {
		return err
	}
	update := "UPDATE rows SET state = 'waiting', cause = '" + string(cause) + "', " + cleared
	if cause == Rerun {
		update += ", floor = attempts"
	}
	_, err := tx.Exec(update+" WHERE "+where, args...)
	return err
}

// Recover makes rows wait that were running when the program ended, as lost, and
// returns their number. Those whose run goes on, as alive says, are left alone;
// a nil alive means that none does.
func (l *Ledger) Recover(ctx context.Context, alive func(run string) bool) (lost int, err error) {
	err = l.write(ctx, func(tx *sql.Tx) error {
		numbers, err := dead(tx, alive)
		if err != nil {
			return err
		}
		for _, number := range numbers {
			if err := again(tx, "number = ?", []any{number}, Lost); err != nil {
				return err
			}
		}
		lost = len(numbers)
		return nil
	})
	return lost, err
}

func dead(tx *sql.Tx, alive func(run string) bool) (numbers []int, err error) {
	rows, err := tx.Query("SELECT number, run FROM rows WHERE state = 'running'")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var number int
		var run string
		if err := rows.Scan(&number, &run); err != nil {
			return nil, err
		}
		if alive == nil || !alive(run) {
			numbers = append(numbers, number)
		}
	}
	return numbers, rows.Err()
}

func changed(result sql.Result, err error) (bool, error) {
	if err != nil {
		return false, err
	}
	n, err := result.RowsAffected()
	return n > 0, err
}

// text, micros and bytes are NULL for what is not known.
func text(s string) any {
	if s == "" {
		return nil
	}
	return strings.ToValidUTF8(s, "\ufffd")
}

func micros(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UnixMicro()
}

func bytes(n int64) any {
	if n <= 0 {
		return nil
	}
	return n
}

func outputs(value json.RawMessage) any {
	switch {
	case len(value) == 0:
		return nil
	case len(value) > MaxOutputs:
		return fmt.Sprintf(`{"omitted": "%d bytes"}`, len(value))
	case !json.Valid(value):
		return `{"omitted": "not JSON"}`
	}
	return string(value)
}

// cut shortens a message, between characters.
func cut(message string) string {
	if len(message) <= maxMessage {
		return message
	}
	end := maxMessage
	for end > 0 && !utf8.RuneStart(message[end]) {
		end--
	}
	return message[:end] + "..."
}
