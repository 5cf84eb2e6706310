package worker

import (
	"encoding/json"
	"sync"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/task"
)

// executor is the executor of one environment. It is made at once and starts
// in the background: to start interpreters may take longer than a heartbeat.
type executor struct {
	used time.Time // guarded by the worker

	mu      sync.Mutex
	inner   Executor
	backlog []*task.Request
	err     error
	closed  bool
}

// keptExecutors is the number of environments whose interpreters stay warm.
const keptExecutors = 3

// executor returns the executor of an environment, started if need be.
func (w *Worker) executor(e task.Environment) *executor {
	b, _ := json.Marshal(e) // strings only
	x := w.executors[string(b)]
	if x == nil {
		w.makeRoom()
		x = &executor{}
		w.executors[string(b)] = x
		go x.start(w, e)
	}
	x.used = time.Now()
	return x
}

func (x *executor) start(w *Worker, e task.Environment) {
	inner, err := w.o.Start(e, w.welcome.Store, w.onResults)
	x.mu.Lock()
	backlog := x.backlog
	x.inner, x.err, x.backlog = inner, err, nil
	closed := x.closed
	x.mu.Unlock()
	switch {
	case err != nil:
		w.o.Logger.Error("interpreters cannot be started", "dir", e.Dir, "error", err)
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

// makeRoom closes the idle executor that was used least recently.
func (w *Worker) makeRoom() {
	if len(w.executors) < keptExecutors {
		return
	}
	busy := map[*executor]bool{}
	for _, h := range w.holding {
		busy[h.executor] = true
	}
	oldest := ""
	for key, x := range w.executors {
		if !busy[x] && (oldest == "" || x.used.Before(w.executors[oldest].used)) {
			oldest = key
		}
	}
	if oldest != "" {
		go w.executors[oldest].close()
		delete(w.executors, oldest)
	}
}

func (w *Worker) closeExecutors() {
	w.mu.Lock()
	executors := w.executors
	w.executors = map[string]*executor{}
	w.mu.Unlock()
	for _, x := range executors {
		x.close()
	}
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
			w.holding[h.request.Then.ID] = &held{h.executor, h.request.Then}
		}
		w.pace.learn(now, r.Duration)
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
