package ledger

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"time"
)

// Tries are the attempts at a row that did not settle it, since somebody asked for
// it last.
type Tries struct{ Failed, Lost int }

// Tries tells what was tried of these rows before. Rows without such attempts are
// left out.
func (l *Ledger) Tries(ctx context.Context, numbers ...int) (map[int]Tries, error) {
	list, err := json.Marshal(numbers)
	if err != nil || len(numbers) == 0 {
		return nil, err
	}
	tries := map[int]Tries{}
	err = l.each(ctx, func(rows *sql.Rows) error {
		var number int
		var t Tries
		err := rows.Scan(&number, &t.Failed, &t.Lost)
		tries[number] = t
		return err
	}, `SELECT h.number, sum(h.state = 'failed'), sum(h.state = 'lost') FROM json_each(?) n
		CROSS JOIN history h ON h.number = n.value CROSS JOIN rows r ON r.number = h.number
		WHERE h.attempt > r.fresh GROUP BY h.number`, string(list))
	return tries, l.failed(err)
}

// Place is a machine, and how many rows ended there.
type Place struct {
	Node string `json:"node"`
	Rows int    `json:"rows"`
}

// maxPlaces bounds the places of a campaign, and placedRows the rows that are looked
// at: each is read, unlike those that are only counted.
const (
	maxPlaces  = 100
	placedRows = 10_000
)

// Places tells where the last 10,000 rows that ended since a time did, the busiest
// first.
func (l *Ledger) Places(ctx context.Context, since time.Time) (places []Place, err error) {
	err = l.each(ctx, func(rows *sql.Rows) error {
		var p Place
		err := rows.Scan(&p.Node, &p.Rows)
		places = append(places, p)
		return err
	}, `SELECT node, count(*) AS n FROM (SELECT node FROM rows WHERE ended >= ? ORDER BY ended DESC LIMIT ?)
		WHERE node IS NOT NULL GROUP BY node ORDER BY n DESC, node LIMIT ?`, since.UnixMicro(), placedRows, maxPlaces)
	return places, l.failed(err)
}

// Remove deletes the ledger of a path. It must not be open.
func Remove(path string) error {
	var failures []error
	for _, ending := range []string{"-wal", "-shm", ""} {
		if err := os.Remove(path + ending); err != nil && !errors.Is(err, fs.ErrNotExist) {
			failures = append(failures, err)
		}
	}
	if err := errors.Join(failures...); err != nil {
		return &Error{Path: path, Cause: err}
	}
	return nil
}
