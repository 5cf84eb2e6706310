package ledger_test

import (
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/campaign"
	"github.com/ewoks-hpc/ewoks-hpc/ledger"
)

// model is what a row must be, told in the simplest way.
type model struct {
	state    campaign.State
	attempts int
	floor    int
	winner   int // the attempt of which the row is done
}

// TestSimulation drives a ledger at random beside a model, with results that
// are late, lost, repeated and contradictory.
func TestSimulation(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	const n = 12
	l := create(t, items(n))
	rows := make([]model, n)
	for i := range rows {
		rows[i].state = campaign.Waiting
	}
	for step := range 1000 {
		i := rng.IntN(n)
		m := &rows[i]
		switch rng.IntN(10) {
		case 0, 1, 2, 3:
			simulateBegin(t, l, m, i)
		case 4, 5, 6, 7:
			simulateFinish(t, l, m, i, rng)
		case 8:
			simulateReset(t, l, rows, i, rng)
		case 9:
			simulateRest(t, l, rows, i, rng)
		}
		if got := row(t, l, i); got.State != m.state || got.Attempts != m.attempts || m.state == campaign.Done && got.Attempt.Number != m.winner {
			t.Fatalf("seed %d, step %d: row %d is %+v, the model says %+v", seed, step, i, got, *m)
		}
	}
	var want campaign.Counts
	for i := range rows {
		*want.Of(rows[i].state)++
		if attempts, err := l.Attempts(t.Context(), i); err != nil || len(attempts) != rows[i].attempts {
			t.Errorf("seed %d: row %d has %d attempts, want %d; %v", seed, i, len(attempts), rows[i].attempts, err)
		}
	}
	if got := counts(t, l); got != want {
		t.Errorf("seed %d: %+v, want %+v", seed, got, want)
	}
}

func simulateBegin(t *testing.T, l *ledger.Ledger, m *model, i int) {
	refused, err := l.Begin(t.Context(), ledger.Start{Number: i, Run: run(i, m.attempts+1), At: epoch})
	if err != nil || (len(refused) == 0) != (m.state == campaign.Waiting) {
		t.Fatalf("begin of %+v: refused %v, %v", *m, refused, err)
	}
	if m.state == campaign.Waiting {
		m.state = campaign.Running
		m.attempts++
	}
}

func simulateFinish(t *testing.T, l *ledger.Ledger, m *model, i int, rng *rand.Rand) {
	if m.attempts == 0 {
		return
	}
	attempt := m.attempts
	if rng.IntN(2) == 0 {
		attempt = 1 + rng.IntN(m.attempts)
	}
	state := []campaign.State{campaign.Done, campaign.Failed, campaign.Cancelled, campaign.Waiting}[rng.IntN(4)]
	r := result(i, attempt, state)
	if state == campaign.Waiting {
		r.Cause = []ledger.Cause{ledger.Lost, ledger.Retry}[rng.IntN(2)]
	}
	current := m.state == campaign.Running && attempt == m.attempts
	counts := current || state == campaign.Done && m.state != campaign.Done && attempt > m.floor
	stale, err := l.Finish(t.Context(), r)
	if err != nil || (len(stale) == 0) != counts {
		t.Fatalf("result %s of attempt %d at %+v: stale %v, %v", state, attempt, *m, stale, err)
	}
	if counts {
		m.state = state
		m.winner = attempt
	}
}

func simulateReset(t *testing.T, l *ledger.Ledger, rows []model, i int, rng *rand.Rand) {
	cause := []ledger.Cause{ledger.Retry, ledger.Rerun}[rng.IntN(2)]
	filter, err := ledger.ParseFilter("row=" + strconv.Itoa(i) + " or row=" + strconv.Itoa((i+1)%len(rows)))
	if err != nil {
		t.Fatal(err)
	}
	want := 0
	for _, j := range []int{i, (i + 1) % len(rows)} {
		m := &rows[j]
		if slices.Contains([]campaign.State{campaign.Waiting, campaign.Running}, m.state) || cause == ledger.Retry && m.state == campaign.Done {
			continue
		}
		want++
		m.state = campaign.Waiting
		if cause == ledger.Rerun {
			m.floor = m.attempts
		}
	}
	if got, err := l.Reset(t.Context(), filter, cause); got != want || err != nil {
		t.Fatalf("reset %d rows, want %d, %v", got, want, err)
	}
}

// simulateRest opens the ledger anew as after a crash, or withdraws what waits.
func simulateRest(t *testing.T, l *ledger.Ledger, rows []model, i int, rng *rand.Rand) {
	want := 0
	if rng.IntN(2) == 0 {
		for j := range rows {
			if rows[j].state == campaign.Running {
				rows[j].state = campaign.Waiting
				want++
			}
		}
		again, err := ledger.Open(t.Context(), l.Path(), ledger.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer again.Close()
		if got, err := again.Recover(t.Context(), nil); got != want || err != nil {
			t.Fatalf("recovered %d, want %d, %v", got, want, err)
		}
		return
	}
	if rows[i].state == campaign.Waiting {
		rows[i].state, want = campaign.Skipped, 1
	}
	filter, _ := ledger.ParseNumbers(strconv.Itoa(i))
	if got, err := l.Withdraw(t.Context(), filter, campaign.Skipped); got != want || err != nil {
		t.Fatalf("withdrawn %d, want %d, %v", got, want, err)
	}
}
