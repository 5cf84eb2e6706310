package ledger

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/ewoks-hpc/ewoks-hpc/campaign"
)

// Reset makes the rows of a filter wait again, and returns their number: with
// Retry those that failed, were skipped or cancelled, with Rerun those that are
// done, too. A late success of an earlier attempt counts for the first only.
// Rows that wait or run are left alone.
func (l *Ledger) Reset(ctx context.Context, f Filter, cause Cause) (n int, err error) {
	states := "state IN ('failed', 'skipped', 'cancelled')"
	switch cause {
	case Retry:
	case Rerun:
		states = "state NOT IN ('waiting', 'running')"
	default:
		return 0, l.failed(fmt.Errorf("rows cannot be reset because of %q", cause))
	}
	where, args := f.sql(states)
	err = l.write(ctx, func(tx *sql.Tx) error {
		if err := tx.QueryRow("SELECT count(*) FROM rows WHERE "+where, args...).Scan(&n); err != nil {
			return err
		}
		if _, err := tx.Exec("UPDATE rows SET fresh = attempts WHERE "+where, args...); err != nil {
			return err
		}
		return again(tx, where, args, cause)
	})
	return n, err
}

// Withdraw makes the waiting rows of a filter Skipped or Cancelled, and returns
// their number. Reset brings them back.
func (l *Ledger) Withdraw(ctx context.Context, f Filter, as campaign.State) (n int, err error) {
	if as != campaign.Skipped && as != campaign.Cancelled {
		return 0, l.failed(fmt.Errorf("rows cannot be withdrawn as %q", as))
	}
	where, args := f.sql("state = 'waiting'")
	err = l.write(ctx, func(tx *sql.Tx) error {
		result, err := tx.Exec("UPDATE rows SET state = '"+string(as)+"' WHERE "+where, args...)
		if err != nil {
			return err
		}
		count, err := result.RowsAffected()
		n = int(count)
		return err
	})
	return n, err
}
