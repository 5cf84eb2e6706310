package pyhost

import (
	"encoding/json"
	"net"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/task"
)

// Pool executes requests in a number of interpreters.
//
// Requests are begun in the order in which they were submitted. Results come in
// the order in which tasks end. All methods may be called from any goroutine.
type Pool struct {
	o       Options
	closing chan struct{}
	running sync.WaitGroup

	renewing sync.Mutex // guards template
	template *template

	mu     sync.Mutex
	hosts  []*interpreter
	queue  []*entry
	known  estimates
	batch  map[string]int // by run; see task.Request.Batch
	broken error          // why no interpreter can be started any more
	closed bool
}

// Limits on reading ahead: an interpreter is given more tasks than it can
// execute at once only while all of them together are expected to take less
// than aheadTime, and never more than aheadTasks. An interpreter without
// others beside it cannot keep a task from them, so it may read further.
const (
	aheadTime      = 2 * time.Millisecond
	aheadTasks     = 32
	aheadTasksOnly = 512
)

// Start starts the interpreters and waits until they are ready.
func Start(o Options) (*Pool, error) {
	p := &Pool{o: o.withDefaults(), known: estimates{}, batch: map[string]int{}, closing: make(chan struct{})}
	if p.o.Dir != "" {
		if info, err := os.Stat(p.o.Dir); err != nil || !info.IsDir() {
			return nil, &DirError{p.o.Dir, err}
		}
	}
	switch {
	case p.o.Caller != nil && p.o.Caller.Template != nil:
		p.template = p.o.Caller.template()
	case p.o.Caller == nil && p.o.Fork:
		t, err := startTemplate(p.o)
		if err != nil {
			return nil, err
		}
		p.template = t
	}
	starts := make(chan error, p.o.Processes)
	for range p.o.Processes {
		go func() { starts <- p.add() }()
	}
	var first error
	for range p.o.Processes {
		if err := <-starts; err != nil && first == nil {
			first = err
		}
	}
	if first != nil {
		p.Close()
		return nil, first
	}
	go p.watchLimits()
	return p, nil
}

// Capacity is the number of tasks that can be executed at the same time.
func (p *Pool) Capacity() int { return p.o.Processes * p.o.Threads }

// Submit adds requests to the queue.
func (p *Pool) Submit(reqs []*task.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, r := range reqs {
		p.queue = append(p.queue, &entry{request: r})
	}
	p.fill()
}

// Withdraw takes back requests that no interpreter has been given, and returns
// their ids.
func (p *Pool) Withdraw(match func(*task.Request) bool) []task.ID {
	p.mu.Lock()
	defer p.mu.Unlock()
	var ids []task.ID
	p.queue = slices.DeleteFunc(p.queue, func(e *entry) bool {
		if !match(e.request) {
			return false
		}
		ids = append(ids, e.request.ID)
		return true
	})
	return ids
}

// Stop ends tasks at once, also those that are being executed. They have no
// result.
func (p *Pool) Stop(ids []task.ID) {
	p.mu.Lock()
	defer p.mu.Unlock()
	stopped := func(e *entry) bool { return slices.Contains(ids, e.request.ID) }
	p.queue = slices.DeleteFunc(p.queue, stopped)
	for _, i := range p.hosts {
		for _, l := range i.lanes {
			for _, e := range l.given {
				e.stopped = e.stopped || stopped(e)
			}
		}
		if slices.ContainsFunc(i.running(), stopped) {
			i.spent = true
			i.end()
		}
	}
}

// Drop forgets the values that these tasks of a run left in interpreters.
func (p *Pool) Drop(run string, seqs []uint64) {
	header, _ := json.Marshal(map[string]any{"drop": seqs, "of": run})
	p.tellAll(header)
}

// Forget forgets all that interpreters know of a run.
func (p *Pool) Forget(run string) {
	header, _ := json.Marshal(map[string]any{"forget": run})
	p.tellAll(header)
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.batch, run)
}

// tellAll tells each interpreter, over the socket of a thread that can listen.
func (p *Pool) tellAll(header []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, i := range p.hosts {
		best := i.lanes[0]
		for _, l := range i.lanes {
			if len(l.given) < len(best.given) {
				best = l
			}
		}
		best.outbox.note(header)
	}
}

// Close ends all interpreters at once and waits until they are gone. Tasks that
// were not done have no result.
func (p *Pool) Close() {
	p.mu.Lock()
	if !p.closed {
		p.closed = true
		close(p.closing)
	}
	for _, i := range p.hosts {
		i.end()
	}
	p.mu.Unlock()
	p.running.Wait()
	if p.template != nil {
		p.template.close()
	}
}

// add starts one interpreter and lets it take part.
func (p *Pool) add() error {
	i, err := p.interpreter()
	if err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		i.end()
		i.wait()
		i.close()
		return nil
	}
	p.hosts = append(p.hosts, i)
	i.undone.Add(len(i.lanes))
	for _, l := range i.lanes {
		p.running.Go(l.outbox.serve)
		p.running.Go(func() { p.serve(l) })
	}
	p.fill()
	return nil
}

// interpreter starts one and waits until it is ready.
func (p *Pool) interpreter() (*interpreter, error) {
	if p.o.Caller != nil && p.o.Caller.Lanes != nil {
		return p.o.Caller.join()
	}
	proc, conn, err := p.begin()
	if err != nil {
		return nil, err
	}
	i := &interpreter{process: proc}
	if err := i.ready(conn, p.o.Threads, p.o.StartTimeout); err != nil {
		i.end()
		i.wait()
		i.close()
		return nil, &StartError{p.o.Python, err}
	}
	i.memory = memoryOf(i.pid) // not before: what starts it may move it to another cgroup
	return i, nil
}

func (p *Pool) begin() (process, net.Conn, error) {
	t := p.parent()
	if t == nil {
		return spawn(p.o, role{Role: "host", Threads: p.o.Threads, Store: p.o.Store, Prepare: p.o.Prepare})
	}
	proc, conn, err := t.fork(p.o.StartTimeout)
	if err == nil || p.o.Caller != nil {
		return proc, conn, err
	}
	if t, err = p.renew(t, err); err != nil {
		return process{}, nil, err
	}
	return t.fork(p.o.StartTimeout)
}

func (p *Pool) parent() *template {
	p.renewing.Lock()
	defer p.renewing.Unlock()
	return p.template
}

// renew returns the template in place of one that cannot fork: the kernel may have
// killed it for want of memory, or somebody else. Without it all tasks would fail.
func (p *Pool) renew(old *template, why error) (*template, error) {
	p.renewing.Lock()
	defer p.renewing.Unlock()
	if p.template != old { // another interpreter came first
		return p.template, nil
	}
	t, err := startTemplate(p.o)
	if err != nil {
		return nil, err
	}
	p.o.Logger.Warn("python interpreters are forked from another process", "before", old.pid, "now", t.pid, "error", why)
	old.close()
	p.template = t
	return t, nil
}

// serve passes on the results of one thread until its interpreter ends.
func (p *Pool) serve(l *lane) {
	for {
		results, err := l.read()
		if len(results) > 0 {
			p.settle(l, results)
			p.o.OnResults(results)
		}
		if err != nil {
			// Whoever buries it waits until all threads' results are read.
			l.interpreter.undone.Done()
			l.interpreter.buried.Do(func() { p.bury(l.interpreter, err) })
			return
		}
	}
}

// settle takes results off the list of a thread and gives it more to do.
func (p *Pool) settle(l *lane, results []task.Result) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, r := range results {
		n := slices.IndexFunc(l.given, func(e *entry) bool { return e.request.ID == r.ID })
		if n < 0 {
			continue
		}
		request := l.given[n].request
		if r.Status != task.Skipped {
			p.known.learn(request.Identifier, r.Duration)
		}
		if r.Status == task.Failed && request.Fatal {
			p.batch[r.Run]++
		}
		if r.Begun && request.Then != nil {
			follower := &entry{request: request.Then, stopped: l.given[n].stopped}
			l.given[n] = follower
			if follower.stopped {
				l.interpreter.spent = true
				l.interpreter.end()
			}
			continue
		}
		l.given = slices.Delete(l.given, n, n+1)
	}
	p.fill()
}
