package worker

import (
	"slices"
	"sync"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/task"
)

// executor executes the tasks of one seat. It is made at once and starts in the
// background: to start interpreters may take longer than a heartbeat.
type executor struct {
	seat Seat
	used time.Time // guarded by the worker

	mu      sync.Mutex
	inner   Executor
	backlog []*task.Request
	err     error
	closed  bool
}

// keptExecutors is the number of environments whose interpreters stay warm, of each
// kind. Of executors for one task there are as many as slots, if that is more.
const keptExecutors = 3

// newExecutor starts one.
func (w *Worker) newExecutor(s Seat) *executor {
	s.Store, s.OnResults = w.welcome.Store, w.fromExecutor
	x := &executor{seat: s, used: time.Now()}
	w.executors = append(w.executors, x)
	go x.start(w)
	return x
}

func (x *executor) start(w *Worker) {
	inner, err := w.o.Start(x.seat)
	if err != nil {
		inner = nil // also if it is an interface that holds nothing
	}
	x.mu.Lock()
	backlog := x.backlog
	x.inner, x.err, x.backlog = inner, err, nil
	closed := x.closed
	x.mu.Unlock()
	switch {
	case err != nil:
		w.o.Logger.Error("interpreters cannot be started", "dir", x.seat.Dir, "error", err)
		w.onResults(cannotStart(backlog, err))
	case closed:
		inner.Close()
	case len(backlog) > 0:
		inner.Submit(backlog)
	}
}

// submit gives requests to the interpreters. It returns the results of those
// that cannot be executed at all.
func (x *executor) submit(reqs []*task.Request) []task.Result {
	x.mu.Lock()
	defer x.mu.Unlock()
	switch {
	case x.err != nil:
		return cannotStart(reqs, x.err)
	case x.inner == nil:
		x.backlog = append(x.backlog, reqs...)
	default:
		x.inner.Submit(reqs)
	}
	return nil
}

// withdraw takes back all requests that have not been begun.
func (x *executor) withdraw() (ids []task.ID) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.inner != nil {
		return x.inner.Withdraw(func(*task.Request) bool { return true })
	}
	for _, r := range x.backlog {
		ids = append(ids, r.ID)
	}
	x.backlog = nil
	return ids
}

func (x *executor) stop(ids []task.ID) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.inner != nil {
		x.inner.Stop(ids)
	}
	x.backlog = slices.DeleteFunc(x.backlog, func(r *task.Request) bool { return slices.Contains(ids, r.ID) })
}

func (x *executor) forget(run string) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.inner != nil {
		x.inner.Forget(run)
	}
}

func (x *executor) close() {
	x.mu.Lock()
	inner := x.inner
	x.closed = true
	x.mu.Unlock()
	if inner != nil {
		inner.Close()
	}
}

// makeRoom closes the idle executor of a kind that was used least recently.
func (w *Worker) makeRoom(s *Seat) {
	most := keptExecutors
	if s.Alone {
		most = max(most, w.o.Hello.Slots)
	}
	busy, _ := w.occupied(true)
	same, oldest := 0, -1
	for i, x := range w.executors {
		if x.seat.kind() != s.kind() {
			continue
		}
		same++
		if !busy[x] && (oldest < 0 || x.used.Before(w.executors[oldest].used)) {
			oldest = i
		}
	}
	if same >= most && oldest >= 0 {
		go w.executors[oldest].close()
		w.executors = slices.Delete(w.executors, oldest, oldest+1)
	}
}

func (w *Worker) closeExecutors() {
	w.mu.Lock()
	executors := w.executors
	w.executors = nil
	w.mu.Unlock()
	var all sync.WaitGroup
	for _, x := range executors {
		all.Go(x.close)
	}
	all.Wait()
}

// onResults takes results from executors.
func (w *Worker) onResults(results []task.Result) {
	w.mu.Lock()
	now := time.Now()
	for _, r := range results {
		h := w.holding[r.ID]
		if h == nil {
			continue // nobody waits for it any more
		}
		delete(w.holding, r.ID)
		if r.Begun && h.request.Then != nil {
			w.holding[h.request.Then.ID] = &held{executor: h.executor, request: h.request.Then, since: now}
		}
		w.pace.learn(now, r.Duration)
		w.known.learn(h.request.Identifier, r.Duration)
		w.results = append(w.results, r)
	}
	short := w.pace.short()
	w.mu.Unlock()
	if short {
		w.exchangeNow()
	} else {
		w.poke()
	}
}

// cannotStart are the results of requests for which there is no interpreter.
func cannotStart(reqs []*task.Request, err error) (results []task.Result) {
	f := task.Failure{Cause: task.Died, Message: err.Error()}
	if h, ok := err.(interface{ Hint() string }); ok {
		f.Advice = h.Hint()
	}
	for _, r := range reqs {
		results = append(results, task.Result{ID: r.ID, Attempt: r.Attempt, Status: task.Failed, Failure: f})
	}
	return results
}
