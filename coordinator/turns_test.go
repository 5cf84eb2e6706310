package coordinator_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/broker"
	"github.com/ewoks-hpc/ewoks-hpc/coordinator"
	"github.com/ewoks-hpc/ewoks-hpc/engine"
	"github.com/ewoks-hpc/ewoks-hpc/resource"
	"github.com/ewoks-hpc/ewoks-hpc/task"
	"github.com/ewoks-hpc/ewoks-hpc/worker"
)

// site is a real broker with a coordinator, and workers whose tasks are Go
// functions.
type site struct {
	t           *testing.T
	dir, store  string
	heartbeat   time.Duration
	journal     *broker.Journal
	server      *broker.Server
	coordinator *coordinator.Coordinator
	client      *coordinator.Client
	mu          sync.Mutex
	executed    map[string]int // by run and node
	router      resource.Router
	ended       func(coordinator.End)
	keep        time.Duration // how long runs stay known
	learned     map[string]time.Duration
}

func newSite(t *testing.T, heartbeat time.Duration) *site {
	return newSiteOf(t, heartbeat, resource.Router{})
}

// newSiteOf has pools.
func newSiteOf(t *testing.T, heartbeat time.Duration, router resource.Router) *site {
	s := &site{t: t, router: router, dir: t.TempDir(), store: t.TempDir(), heartbeat: heartbeat, executed: map[string]int{}}
	if err := os.Chmod(s.dir, 0o700); err != nil {
		t.Fatal(err)
	}
	var err error
	if s.server, err = broker.Start(broker.ServerOptions{Name: "test", Dir: s.dir}); err != nil {
		t.Fatal(err)
	}
	s.start()
	if err := s.server.OnDisconnect(func(name string) { s.now().Away(strings.TrimPrefix(name, "worker ")) }); err != nil {
		t.Fatal(err)
	}
	client := s.dial(broker.ClientAccess(s.dir), "client")
	s.client = coordinator.NewClient(client)
	t.Cleanup(func() {
		client.Close()
		s.end()
		_ = s.server.Close()
	})
	return s
}

// start makes a coordinator, with what the journal knows.
func (s *site) start() {
	s.t.Helper()
	journal, err := broker.OpenJournal(broker.JournalOptions{Dir: filepath.Join(s.dir, "journal")})
	if err != nil {
		s.t.Fatal(err)
	}
	conn, err := s.server.Conn("coordinator")
	if err != nil {
		s.t.Fatal(err)
	}
	c := coordinator.New(coordinator.Options{Conn: conn, Store: s.store, Heartbeat: s.heartbeat, MaxLost: 1000, Router: s.router, Journal: journal, KeepRuns: s.keep, Learned: s.learned, Ended: s.ended})
	s.mu.Lock()
	s.coordinator, s.journal = c, journal
	s.mu.Unlock()
	if err := c.Start(); err != nil {
		s.t.Fatal(err)
	}
}

func (s *site) now() *coordinator.Coordinator {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.coordinator
}

// end ends the coordinator and its journal in the middle of what they do.
func (s *site) end() {
	s.now().Stop()
	_ = s.journal.Close()
}

// dial connects with an access file.
func (s *site) dial(path, name string) *broker.Conn {
	access, err := broker.ReadAccess(path)
	if err != nil {
		s.t.Fatal(err)
	}
	conn, err := broker.Connect(context.Background(), access, broker.ConnectOptions{Name: name})
	if err != nil {
		s.t.Fatal(err)
	}
	return conn
}

// hand is a worker that can be killed.
type hand struct {
	conn   *broker.Conn
	stop   context.CancelFunc
	done   chan struct{}
	worker *worker.Worker
	err    error // once done
}

// hire starts a worker; kill ends it as a power cut would.
func (s *site) hire(id string, slots int, execute func(*task.Request) task.Result) *hand {
	return s.employ(id, task.Hello{Slots: slots}, func(_ worker.Seat, r *task.Request) task.Result { return execute(r) })
}

// employ starts a worker that has what its hello says.
func (s *site) employ(id string, hello task.Hello, execute func(worker.Seat, *task.Request) task.Result) *hand {
	job := broker.JobName(id, 0)
	if !slices.Contains(s.server.Jobs(), job) {
		if err := s.server.Grant(id, 1); err != nil {
			s.t.Fatal(err)
		}
	}
	name := broker.WorkerName(job, "p"+hello.Restart)
	h := &hand{conn: s.dial(broker.JobAccess(broker.KeysDir(s.dir), job), "worker "+name), done: make(chan struct{})}
	hello.Worker, hello.Key, hello.Index, hello.Host, hello.Pid = name, id, "0", "here", os.Getpid()
	o := worker.Options{
		Hello: hello, Conn: h.conn, Silence: time.Minute,
		Start: func(seat worker.Seat) (worker.Executor, error) {
			n := hello.Slots
			if seat.Alone {
				n = 1
			}
			return newGoExecutor(n, func(r *task.Request) task.Result { return execute(seat, r) }, seat.OnResults), nil
		},
	}
	for i := range hello.GPUs {
		o.GPUs = append(o.GPUs, fmt.Sprintf("%s:%d", id, i))
	}
	h.worker = worker.New(o)
	ctx, cancel := context.WithCancel(context.Background())
	h.stop = cancel
	go func() {
		defer close(h.done)
		h.err = h.worker.Run(ctx)
	}()
	s.t.Cleanup(func() { h.kill(); <-h.done })
	return h
}

func (h *hand) kill() {
	h.conn.Close() // before the context: the worker cannot say bye any more
	h.stop()
}

// leave ends the worker as SIGTERM does.
func (h *hand) leave() {
	h.stop()
	<-h.done
	h.conn.Close()
}

// goExecutor executes requests with a Go function.
type goExecutor struct {
	mu      sync.Mutex
	queue   []*task.Request
	stopped map[task.ID]bool
	wake    chan struct{}
	closed  chan struct{}
}

func newGoExecutor(slots int, execute func(*task.Request) task.Result, onResults func([]task.Result)) *goExecutor {
	x := &goExecutor{stopped: map[task.ID]bool{}, wake: make(chan struct{}, 1), closed: make(chan struct{})}
	for range slots {
		go func() {
			for {
				r := x.next()
				if r == nil {
					return
				}
				result := execute(r)
				result.ID, result.Attempt = r.ID, r.Attempt
				x.mu.Lock()
				stopped := x.stopped[r.ID]
				x.mu.Unlock()
				if !stopped {
					onResults([]task.Result{result})
				}
			}
		}()
	}
	return x
}

func (x *goExecutor) next() *task.Request {
	for {
		x.mu.Lock()
		if len(x.queue) > 0 {
			r := x.queue[0]
			x.queue = x.queue[1:]
			x.mu.Unlock()
			x.signal()
			return r
		}
		x.mu.Unlock()
		select {
		case <-x.wake:
		case <-x.closed:
			return nil
		}
	}
}

func (x *goExecutor) signal() {
	select {
	case x.wake <- struct{}{}:
	default:
	}
}

func (x *goExecutor) Submit(reqs []*task.Request) {
	x.mu.Lock()
	x.queue = append(x.queue, reqs...)
	x.mu.Unlock()
	x.signal()
}

func (x *goExecutor) Withdraw(match func(*task.Request) bool) (ids []task.ID) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.queue = slices.DeleteFunc(x.queue, func(r *task.Request) bool {
		if match(r) {
			ids = append(ids, r.ID)
		}
		return match(r)
	})
	return ids
}

func (x *goExecutor) Stop(ids []task.ID) {
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, id := range ids {
		x.stopped[id] = true
	}
	x.queue = slices.DeleteFunc(x.queue, func(r *task.Request) bool { return slices.Contains(ids, r.ID) })
}

func (x *goExecutor) Forget(string) {}
func (x *goExecutor) Close()        { close(x.closed) }

// count notes an execution and answers with one output.
func (s *site) count(r *task.Request) task.Result {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.executed[r.Run+"/"+r.Node]++
	return task.Result{
		Outputs: []task.Named{{Name: "x", Value: task.Value{Kind: task.Pickled, Blobs: [][]byte{[]byte(r.Node)}}}},
		Shown:   []task.Shown{{Name: "x", JSON: json.RawMessage(`"` + r.Node + `"`)}},
	}
}

func document(nodes int, link func(i int) []int) json.RawMessage {
	var n, l []string
	for i := range nodes {
		n = append(n, fmt.Sprintf(`{"id":"n%d","task_type":"method","task_identifier":"m.f"}`, i))
		for _, source := range link(i) {
			l = append(l, fmt.Sprintf(`{"source":"n%d","target":"n%d","data_mapping":[{"source_output":"x","target_input":"from%d"}]}`, source, i, source))
		}
	}
	return json.RawMessage(fmt.Sprintf(`{"graph":{"id":"g"},"nodes":[%s],"links":[%s]}`, strings.Join(n, ","), strings.Join(l, ",")))
}

// run submits a workflow and waits for its end. It may be called by any goroutine;
// what it cannot do it reports, and the end is empty.
func (s *site) run(doc json.RawMessage) (ended coordinator.Ended) {
	s.t.Helper()
	id := task.NewKey()
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
	defer cancel()
	wait, err := s.client.Watch(ctx, id, nil)
	if err == nil {
		err = s.tell(ctx, &coordinator.Submission{Run: id, Workflow: doc})
	}
	if err == nil {
		ended, err = wait(ctx)
	}
	if err != nil {
		s.t.Errorf("run %s: %v\n%+v", id, err, s.now().Status())
	}
	return ended
}

// tell submits again what a coordinator did not answer because it was ended: unlike
// with launchers, the broker of these tests stays, and so does the connection.
func (s *site) tell(ctx context.Context, sub *coordinator.Submission) error {
	for {
		attempt, cancel := context.WithTimeout(ctx, 5*time.Second)
		err := s.client.Submit(attempt, sub)
		cancel()
		if !errors.Is(err, context.DeadlineExceeded) || ctx.Err() != nil {
			return err
		}
	}
}

func alone(int) []int { return nil }

func before(i int) []int {
	if i == 0 {
		return nil
	}
	return []int{i - 1}
}

func TestRun(t *testing.T) {
	s := newSite(t, time.Second)
	for n := range 3 {
		s.hire(fmt.Sprint("w", n), 2, s.count)
	}
	for _, doc := range []json.RawMessage{document(500, alone), document(100, before), document(0, alone)} {
		e := s.run(doc)
		if e.Outcome.Status != engine.Succeeded || e.Counts.Succeeded != e.Counts.Nodes {
			t.Errorf("%s, %+v", e.Outcome.Status, e.Counts)
		}
	}
	for node, n := range s.executed {
		if n != 1 {
			t.Errorf("%s was executed %d times", node, n)
		}
	}
}

func TestOutputsReachClient(t *testing.T) {
	s := newSite(t, time.Second)
	s.hire("w", 1, s.count)
	e := s.run(document(3, before))
	if o := e.Outcome.Outputs; len(o) != 1 || o[0].Node != "n2" || o[0].Name != "x" || o[0].Shown != `"n2"` {
		t.Errorf("outputs %+v", o)
	}
}

func TestFailureReachesClient(t *testing.T) {
	s := newSite(t, time.Second)
	s.hire("w", 4, func(r *task.Request) task.Result {
		if r.Node == "n1" {
			return task.Result{Status: task.Failed, Failure: task.Failure{Message: "no good", Traceback: "where"}}
		}
		return s.count(r)
	})
	e := s.run(document(20, before))
	if e.Outcome.Status != engine.Failed || e.Outcome.Node != "n1" || e.Outcome.Failure.Message != "no good" || e.Counts.Succeeded != 1 {
		t.Errorf("%+v, %+v", e.Outcome, e.Counts)
	}
	if st := s.now().Status(); st.Ready != 0 || st.Leased != 0 {
		t.Errorf("left behind: %d ready, %d leased", st.Ready, st.Leased)
	}
}

// TestChurn kills workers, lets others leave and hires new ones while runs are
// under way. All runs end well, and no task's result is counted twice.
func TestChurn(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	s := newSite(t, 200*time.Millisecond)
	var mu sync.Mutex // random is used by tasks too
	slow := func(r *task.Request) task.Result {
		mu.Lock()
		d := time.Duration(random.IntN(20)) * time.Millisecond
		mu.Unlock()
		time.Sleep(d) // stands for work
		return s.count(r)
	}
	ended := make(chan coordinator.Ended, 4)
	for range cap(ended) {
		go func() {
			ended <- s.run(document(60, func(i int) []int {
				mu.Lock()
				defer mu.Unlock()
				if i == 0 || random.IntN(3) == 0 {
					return nil
				}
				return []int{random.IntN(i)}
			}))
		}()
	}
	var hands []*hand
	for n, left := 0, cap(ended); left > 0; n++ {
		hands = append(hands, s.hire(fmt.Sprint("w", n), 1+n%3, slow))
		select {
		case e := <-ended:
			left--
			if e.Outcome.Status != engine.Succeeded || e.Counts.Succeeded != 60 {
				t.Errorf("%+v, %+v", e.Outcome, e.Counts)
			}
		case <-time.After(100 * time.Millisecond): // the pace of the churn
		}
		if len(hands) > 3 {
			h := hands[0]
			hands = hands[1:]
			if n%2 == 0 {
				h.kill()
			} else {
				h.leave()
			}
		}
	}
	if totals := s.now().Status().Totals; totals.Succeeded != 240 {
		t.Errorf("%d results were counted, want 240 (%+v)", totals.Succeeded, totals)
	}
}

func TestCancel(t *testing.T) {
	s := newSite(t, time.Second)
	begun := make(chan struct{}, 1)
	s.hire("w", 1, func(r *task.Request) task.Result {
		begun <- struct{}{}
		time.Sleep(time.Second) // stands for work that is not wanted any more
		return s.count(r)
	})
	id := task.NewKey()
	wait, err := s.client.Watch(s.t.Context(), id, nil)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	if err := s.client.Submit(ctx, &coordinator.Submission{Run: id, Workflow: document(5, before)}); err != nil {
		t.Fatal(err)
	}
	<-begun
	if err := s.client.Cancel(ctx, id); err != nil {
		t.Fatal(err)
	}
	if e, err := wait(ctx); err != nil || e.Outcome.Status != engine.Cancelled {
		t.Errorf("%+v, %v", e, err)
	}
	if err := s.client.Cancel(ctx, "nosuchrun"); err == nil || !strings.Contains(err.Error(), "no such run") {
		t.Errorf("cancelling what is not there: %v", err)
	}
}

// A workflow that a client sends is validated, and opens no file here.
func TestSubmissionIsValidated(t *testing.T) {
	s := newSite(t, time.Second)
	for name, doc := range map[string]string{
		"not JSON":  `nonsense`,
		"no task":   `{"nodes":[{"id":"a"}]}`,
		"subgraph":  `{"nodes":[{"id":"a","task_type":"graph","task_identifier":"/etc/passwd"}]}`,
		"not graph": `[]`,
	} {
		body := json.RawMessage(doc)
		if !json.Valid(body) {
			body, _ = json.Marshal(doc)
		}
		err := s.client.Submit(context.Background(), &coordinator.Submission{Run: task.NewKey(), Workflow: body})
		if err == nil {
			t.Errorf("%s was accepted", name)
		}
	}
}
