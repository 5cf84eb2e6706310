package campaigner

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/campaign"
	"github.com/ewoks-hpc/ewoks-hpc/ledger"
)

var seed = flag.Uint64("seed", 0, "of the random simulation; 0 takes a new one")

// Launchers crash at any point, with and without a cluster that remembers, rows fail
// and are lost: every row ends once, as its own attempts say, and none whose success
// was kept is executed again.
func TestSimulation(t *testing.T) {
	if *seed == 0 {
		*seed = rand.Uint64()
	}
	t.Logf("seed %d", *seed)
	for i := range uint64(4) {
		t.Run(fmt.Sprint(i), func(t *testing.T) { simulate(t, rand.New(rand.NewPCG(*seed, i))) })
	}
}

// dice are random numbers for several goroutines.
type dice struct {
	mu sync.Mutex
	*rand.Rand
}

func (d *dice) chance(p float64) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.Float64() < p
}

func simulate(t *testing.T, r *rand.Rand) {
	const rows, retries = 25, 2
	d := &dice{Rand: r}
	w := newWorld(t, func(o *Options) { o.Window, o.MaxLost = 1+r.IntN(20), 1000 })
	var mu sync.Mutex
	done := map[string]bool{} // whose success was kept
	crashes, armed := 0, false
	w.fake.hook = func(point string) {
		mu.Lock()
		defer mu.Unlock()
		if armed && crashes < 12 && d.chance(0.05) {
			crashes++
			w.fake.mu.Lock()
			w.fake.service.stop() // nothing is written from now on
			w.fake.mu.Unlock()
		}
	}
	names := []string{"a", "b", "c"}
	for _, name := range names {
		w.submit(name, rows, func(p *Plan) { p.Retries, p.MaxInFlight = retries, r.IntN(10) })
	}
	mu.Lock()
	armed = true
	mu.Unlock()
	orders := 0
	for !allEnded(w, names) {
		if w.s.ctx.Err() != nil {
			w.s.Stop()
			if d.chance(0.3) {
				w.fake.forget()
			}
			for _, name := range names { // nobody writes now
				noteDone(w, name, done)
			}
			w.start()
		}
		for _, row := range w.fake.waiting() {
			if done[key(row.Campaign, row.Number)] {
				t.Fatalf("row %d of %s was done, and is executed again", row.Number, row.Campaign)
			}
			switch {
			case d.chance(0.3):
				w.fake.end(row.Run, failing)
			case d.chance(0.1):
				w.fake.end(row.Run, losing)
			case d.chance(0.5):
				w.fake.end(row.Run, func(*End) {})
			}
		}
		if orders < 20 && d.chance(0.1) {
			orders++
			name := names[orders%len(names)]
			w.s.Pause(t.Context(), name) // either may fail, because of a crash
			w.s.Resume(t.Context(), name)
		}
	}
	mu.Lock()
	armed = false // the last launcher is left alone
	mu.Unlock()
	for _, name := range names {
		checkHistory(w, name, rows, retries)
	}
}

func noteDone(w *world, name string, done map[string]bool) {
	err := w.under.Rows(w.Context(), name, ledger.Query{Filter: ledger.InState(campaign.Done)}, func(r ledger.Row) error {
		done[key(name, r.Number)] = true
		return nil
	})
	if err != nil {
		w.Fatal(err)
	}
}

func allEnded(w *world, names []string) bool {
	time.Sleep(time.Millisecond)
	for _, name := range names {
		s := w.status(name)
		if s.Phase == ledger.Paused {
			w.s.Resume(w.Context(), name)
		}
		if s.Phase != Ended {
			return false
		}
	}
	return true
}

// checkHistory compares how each row ended with its attempts.
func checkHistory(w *world, name string, rows, retries int) {
	w.Helper()
	if s := w.status(name); s.Total() != rows {
		w.Errorf("%s has %d rows", name, s.Total())
	}
	for number := range rows {
		r := w.row(name, number)
		attempts, err := w.under.Attempts(w.Context(), name, number)
		if err != nil {
			w.Fatal(err)
		}
		failed := 0
		for i, a := range attempts {
			if a.State == string(campaign.Failed) {
				failed++
			}
			if a.Number != i+1 || (a.State == string(campaign.Done)) != (r.State == campaign.Done && i == len(attempts)-1) && r.Attempt.Number == len(attempts) {
				w.Errorf("row %d of %s: attempt %d is %+v", number, name, i+1, a)
			}
		}
		switch {
		case r.Attempts != len(attempts):
			w.Errorf("row %d of %s: %d attempts, %d recorded", number, name, r.Attempts, len(attempts))
		case r.State == campaign.Failed && failed != retries+1:
			w.Errorf("row %d of %s failed after %d failures", number, name, failed)
		case r.State != campaign.Done && r.State != campaign.Failed:
			w.Errorf("row %d of %s is %s", number, name, r.State)
		}
	}
}
