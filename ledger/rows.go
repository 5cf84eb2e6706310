package ledger

import (
	"context"
	"database/sql"
	"encoding/json"
	"iter"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/campaign"
	"github.com/ewoks-hpc/ewoks-hpc/task"
)

// Row is a row and what is known of it.
type Row struct {
	campaign.Item
	State campaign.State
	// Attempts counts them, lost ones too.
	Attempts int
	// Attempt is the one that settled the row, or that runs; empty while the row
	// waits. Its Cause is then why it waits.
	Attempt Attempt
	// Outputs is JSON, nil if there are none.
	Outputs json.RawMessage
}

// Attempt is one try at a row. Texts are empty and times zero if they are not
// known.
type Attempt struct {
	// Number counts from 1; 0 is none.
	Number int
	// State is that of the row, or "lost" or "interrupted".
	State             campaign.State
	Cause             Cause
	Run               string
	Worker, Job, Node string
	Started, Ended    time.Time
	// PeakMemory is in bytes.
	PeakMemory int64
	// ErrorType is the Python exception class, or another cause, and Task the
	// node of the workflow.
	ErrorType, Message, Task string
	Log                      string
	// Steps are the tasks of the row and how long each took, if they were executed
	// as one.
	Steps []task.Step
}

// Duration is from the start to the end; 0 if one is not known.
func (a *Attempt) Duration() time.Duration {
	if a.Started.IsZero() || a.Ended.IsZero() {
		return 0
	}
	return a.Ended.Sub(a.Started)
}

// Query chooses rows.
type Query struct {
	Filter Filter
	// After is the number of the row before the first one, for pages; Limit 0 is
	// no limit.
	After *int
	Limit int
}

// Rows reads rows in the order of their numbers. It ends at the first error.
func (l *Ledger) Rows(ctx context.Context, q Query) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		condition := "1"
		if q.After != nil {
			condition = "number > ?"
		}
		where, args := q.Filter.sql(condition)
		if q.After != nil {
			args = append([]any{*q.After}, args...)
		}
		limit := -1
		if q.Limit > 0 {
			limit = q.Limit
		}
		rows, err := l.db.QueryContext(ctx, "SELECT number, key, params, priority, attempts, outputs, state, "+details+
			" FROM rows WHERE "+where+" ORDER BY number LIMIT ?", append(args, limit)...)
		if err != nil {
			yield(Row{}, l.failed(err))
			return
		}
		defer rows.Close()
		for rows.Next() {
			row, err := scanRow(rows)
			if !yield(row, l.failed(err)) || err != nil {
				return
			}
		}
		if err := rows.Err(); err != nil {
			yield(Row{}, l.failed(err))
		}
	}
}

// Failed are the rows that failed: the list of what needs to be looked at.
func (l *Ledger) Failed(ctx context.Context) iter.Seq2[Row, error] {
	return l.Rows(ctx, Query{Filter: InState(campaign.Failed)})
}

func scanRow(rows *sql.Rows) (r Row, err error) {
	var params string
	var outputs sql.NullString
	a := scanned{Attempt: &r.Attempt}
	err = rows.Scan(append([]any{&r.Number, &r.Key, &params, &r.Priority, &r.Attempts, &outputs}, a.targets()...)...)
	a.settle()
	r.State, r.Params = r.Attempt.State, json.RawMessage(params)
	if outputs.Valid {
		r.Outputs = json.RawMessage(outputs.String)
	}
	return r, err
}

// scanned reads state and details, which may be NULL.
type scanned struct {
	*Attempt
	texts                  [10]sql.NullString
	started, ended, memory sql.NullInt64
}

func (s *scanned) targets() []any {
	t := &s.texts
	return []any{&s.State, &s.Attempt.Number, &t[0], &t[1], &t[2], &t[3], &t[4], &s.started, &s.ended, &s.memory, &t[5], &t[6], &t[7], &t[8], &t[9]}
}

func (s *scanned) settle() {
	for i, to := range []*string{(*string)(&s.Cause), &s.Run, &s.Worker, &s.Job, &s.Node, &s.ErrorType, &s.Message, &s.Task, &s.Log} {
		*to = s.texts[i].String
	}
	s.Steps = decodeSteps(s.texts[9].String)
	s.Started, s.Ended, s.PeakMemory = moment(s.started), moment(s.ended), s.memory.Int64
}

// Attempts lists all that were made at a row, the first one first.
func (l *Ledger) Attempts(ctx context.Context, number int) (attempts []Attempt, err error) {
	err = l.each(ctx, func(rows *sql.Rows) error {
		var a Attempt
		s := scanned{Attempt: &a}
		err := rows.Scan(s.targets()...)
		s.settle()
		attempts = append(attempts, a)
		return err
	}, "SELECT state, "+details+" FROM history WHERE number = ?1 UNION ALL SELECT state, "+details+
		" FROM rows WHERE number = ?1 AND attempt > 0 ORDER BY attempt", number)
	return attempts, l.failed(err)
}
