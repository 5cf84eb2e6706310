// Package coordinator is the one authority over the runs of a cluster: it takes
// submissions, keeps the state of every run, and leases the tasks that are
// ready to the workers that ask for them.
//
// Workers come with turns (package task): results in, requests out. Nothing is
// pushed to a worker but a poke, an empty message that says "take a turn now".
// A turn tells everything that a worker holds, so a lost message heals itself.
package coordinator

import (
	"fmt"
	"log/slog"
	"maps"
	"sync"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/broker"
	"github.com/ewoks-hpc/ewoks-hpc/engine"
	"github.com/ewoks-hpc/ewoks-hpc/resource"
	"github.com/ewoks-hpc/ewoks-hpc/task"
	"github.com/ewoks-hpc/ewoks-hpc/workflow"
)

// Options configure a Coordinator.
type Options struct {
	// Conn connects to the broker with the launcher's rights.
	Conn *broker.Conn
	// Store is the directory for large values, which workers can reach.
	Store string
	// Heartbeat is the longest time between two turns of a worker. A worker that
	// stays away for two and a half of them is lost. Defaults to 5 s.
	Heartbeat time.Duration
	// MaxLost is how often a task may be lost before its run fails, if its
	// submission does not say. Defaults to engine.DefaultLost.
	MaxLost int
	// Router says what nodes need and which pool they go to.
	Router resource.Router
	// Journal keeps the state, for the next coordinator; nil keeps nothing.
	Journal *broker.Journal
	// KeepRuns is how long a run stays known after its end; 0 is for as long as there
	// are not too many.
	KeepRuns time.Duration
	// Learned is how long tasks of an identifier take, as an earlier coordinator knew.
	Learned map[string]time.Duration
	// Printed takes what tasks print; it may be nil.
	Printed func(run string, p Printed)
	// Observe is told of each attempt at a task that has ended, Ended of each row of a
	// campaign, once that is kept. Observe must return at once. Without Ended no rows
	// are taken.
	Observe func(task.Attempt)
	// Begun is told of each run that was submitted, Over of each that has ended, when
	// that is kept.
	Begun  func(RunStatus, *workflow.Workflow)
	Over   func(RunStatus)
	Ended  func(End)
	Logger *slog.Logger
}

// Coordinator is a service: Start it, and Stop it.
type Coordinator struct {
	o       Options
	uploads *broker.Uploads
	stop    chan struct{}
	loops   sync.WaitGroup
	expired time.Time      // when it was looked for lost workers last
	pruned  time.Time      // and for runs that are too old
	telling sync.WaitGroup // what is done later; added to with mu
	undo    []func()

	mu      sync.Mutex
	halted  bool
	workers map[string]*worker
	idle    idle
	leases  map[task.ID]*lease
	ready   shelves
	delayed delayed
	parked  parked
	paused  bool // nothing is given to workers
	runs    map[string]*run
	order   []string       // runs in the order of their submission
	batches map[string]int // rows that are known of each submission of several
	asked   struct {       // the outcome that was asked for last: a large one is fetched in many parts
		run  string
		text []byte
	}
	totals  Totals
	causes  causes
	onHello func(task.Hello)
	onBye   func()
	change  change               // that is being made
	broken  error                // why nothing can be journaled any more
	waiting map[task.ID]replayed // while the journal is read
	replays int
	numbers map[string]uint64 // of the last entry of a topic
	aside   map[string]error  // topics that cannot be used, while the journal is read
	known   estimates
	earlier earlier

	documentsMu sync.Mutex
	documents   map[string]*document
}

// Totals count over all runs of the cluster.
type Totals struct {
	Succeeded uint64 `json:"succeeded"`
	Failed    uint64 `json:"failed"`
	// Retried are failures that another attempt followed.
	Retried uint64 `json:"retried"`
	Lost    uint64 `json:"lost"`
}

// New prepares a coordinator.
func New(o Options) *Coordinator {
	if o.Heartbeat == 0 {
		o.Heartbeat = 5 * time.Second
	}
	if o.MaxLost == 0 {
		o.MaxLost = engine.DefaultLost
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Learned == nil {
		o.Learned = map[string]time.Duration{}
	}
	return &Coordinator{
		o: o, uploads: broker.NewUploads(broker.UploadLimits{}), stop: make(chan struct{}),
		workers: map[string]*worker{}, leases: map[task.ID]*lease{}, delayed: delayed{}, parked: parked{}, runs: map[string]*run{}, known: maps.Clone(o.Learned),
		batches: map[string]int{}, numbers: map[string]uint64{}, documents: map[string]*document{}, earlier: earlier{}, causes: causes{}, idle: idle{},
	}
}

// Start restores the state from the journal and begins to serve workers and
// clients.
func (c *Coordinator) Start() error {
	if err := c.recover(); err != nil {
		return err
	}
	if err := c.subscribe(broker.AllWork, c.serveWorker); err != nil {
		return err
	}
	if err := c.Serve("cancel", c.serveCancel); err != nil {
		return err
	}
	if err := c.subscribe(broker.ClientSubject("submit"), c.serveSubmit); err != nil {
		return err
	}
	if err := c.subscribe(broker.ClientSubject("outcome"), func(m broker.Msg) {
		c.respond(m, broker.ServeDownload(m.Data, c.findOutcome))
	}); err != nil {
		return err
	}
	c.loops.Go(func() { c.every(min(c.o.Heartbeat/2, time.Second), c.expire) })
	c.loops.Go(func() { c.every(100*time.Millisecond, c.publishEvents) })
	return nil
}

// OnWorkers sets whom to tell of each worker that comes or leaves; they must not
// call the coordinator.
func (c *Coordinator) OnWorkers(hello func(task.Hello), bye func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.onHello, c.onBye = hello, bye
}

// Stop ends the service. Workers and clients find nobody from then on.
func (c *Coordinator) Stop() {
	for _, f := range c.undo {
		f()
	}
	close(c.stop)
	c.loops.Wait()
	c.mu.Lock()
	c.halted = true
	c.mu.Unlock()
	c.telling.Wait()
}

// background does something in a goroutine that Stop waits for, unless it has begun to:
// a message may still be on its way then. The caller holds mu.
func (c *Coordinator) background(f func()) {
	if c.halted {
		go f()
		return
	}
	c.telling.Go(f)
}

// Serve answers a verb of clients. The handler gets the body of the request
// and returns what is encoded as the answer, or an error that the client gets.
func (c *Coordinator) Serve(verb string, handler func(body []byte) (any, error)) error {
	return c.subscribe(broker.ClientSubject(verb), func(m broker.Msg) {
		answer, err := handler(m.Data)
		c.respond(m, encodeAnswer(answer, err))
	})
}

func (c *Coordinator) subscribe(subject string, handler func(broker.Msg)) error {
	undo, err := c.o.Conn.Subscribe(subject, handler)
	if err != nil {
		return fmt.Errorf("coordinator: %w", err)
	}
	c.undo = append(c.undo, undo)
	return nil
}

func (c *Coordinator) respond(m broker.Msg, data []byte) {
	if err := m.Respond(data); err != nil {
		c.o.Logger.Warn("answer not sent", "subject", m.Subject, "error", err)
	}
}

func (c *Coordinator) every(interval time.Duration, f func(now time.Time)) {
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for {
		select {
		case <-c.stop:
			return
		case now := <-ticker.C:
			f(now)
		}
	}
}
