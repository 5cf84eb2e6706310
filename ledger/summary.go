package ledger

import (
	"context"
	"database/sql"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/campaign"
)

// maxReasons bounds the reasons of a summary.
const maxReasons = 20

// Summary counts the rows, and groups the reasons of those that failed. Window
// is how far back Recent looks from now.
func (l *Ledger) Summary(ctx context.Context, now time.Time, window time.Duration) (campaign.Summary, error) {
	s := campaign.Summary{Window: window}
	for _, part := range []func() error{
		func() error { return l.counts(ctx, &s.Counts) },
		func() error { return l.reasons(ctx, &s) },
		func() error { return l.ends(ctx, &s, now) },
	} {
		if err := part(); err != nil {
			return campaign.Summary{}, l.failed(err)
		}
	}
	return s, nil
}

func (l *Ledger) counts(ctx context.Context, c *campaign.Counts) error {
	return l.each(ctx, func(rows *sql.Rows) error {
		var state campaign.State
		var n int
		err := rows.Scan(&state, &n)
		if counter := c.Of(state); counter != nil {
			*counter = n
		}
		return err
	}, "SELECT state, count(*) FROM rows GROUP BY state")
}

func (l *Ledger) reasons(ctx context.Context, s *campaign.Summary) error {
	s.OtherReasons = s.Failed
	return l.each(ctx, func(rows *sql.Rows) error {
		var r campaign.Reason
		err := rows.Scan(&r.Count, &r.Type, &r.Task, &r.Example)
		s.Reasons = append(s.Reasons, r)
		s.OtherReasons -= r.Count
		return err
	}, `SELECT count(*) AS n, coalesce(error_type, ''), coalesce(task, ''), min(number) FROM rows WHERE state = 'failed'
		GROUP BY error_type, task ORDER BY n DESC, min(number) LIMIT ?`, maxReasons)
}

func (l *Ledger) ends(ctx context.Context, s *campaign.Summary, now time.Time) error {
	var first, last sql.NullInt64
	err := l.db.QueryRowContext(ctx, `SELECT (SELECT min(ended) FROM rows WHERE ended IS NOT NULL), (SELECT max(ended) FROM rows WHERE ended IS NOT NULL),
		(SELECT count(*) FROM rows WHERE ended >= ?)`, now.Add(-s.Window).UnixMicro()).Scan(&first, &last, &s.Recent)
	s.FirstEnd, s.LastEnd = moment(first), moment(last)
	return err
}

// moment is zero for NULL.
func moment(micros sql.NullInt64) time.Time {
	if !micros.Valid {
		return time.Time{}
	}
	return time.UnixMicro(micros.Int64).UTC()
}

// each calls scan for every row of a query.
func (l *Ledger) each(ctx context.Context, scan func(rows *sql.Rows) error, query string, args ...any) error {
	rows, err := l.db.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// Counts counts the rows in each state.
func (l *Ledger) Counts(ctx context.Context) (c campaign.Counts, err error) {
	err = l.counts(ctx, &c)
	return c, l.failed(err)
}
