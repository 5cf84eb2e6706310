package engine

import (
	"encoding/json"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/task"
	"github.com/ewoks-hpc/ewoks-hpc/workflow"
)

// State is one run of a plan. It is changed by Step only.
type State struct {
	plan *Plan
	o    Options

	merging []merger
	running map[uint64]*execution
	made    map[uint64]*made
	latest  map[int]task.Result // of selected nodes
	ended   []int               // selected nodes in the order in which they ended last
	later   []int32             // start nodes that are started when fewer tasks are under way
	seq     uint64
	counts  Counts
	outcome Outcome
	actions []Action
	saving  bool
	arrived bool          // an end node has ended
	failure *Outcome      // the first error that was not handled, of a run that keeps going
	begun   *task.Request // the task that is being started has begun as this
}

// Options are what is particular to one run.
type Options struct {
	Run string
	// Retry says how often attempts that do not succeed are made again.
	Retry Retry
	// Strict keeps the order of a graph: tasks follow each other by themselves
	// only where nothing else could be executed first.
	Strict bool
	// Limit bounds the time of each task; zero means no limit.
	Limit time.Duration
	// KeepGoing lets other branches go on when an error is not handled. The run
	// fails at its end, unless an end node has ended (ewoks.md 7.6, pypushflow).
	KeepGoing bool
	// Window bounds the tasks that are started at the same time at the beginning of a
	// run, as long as it is but a matter of their order: what waits for the data of no
	// link can wait as a number, not as a request. Zero is no bound.
	Window int
	// Context is what ewokscore is told with every task, see task.Request.
	Context json.RawMessage
}

// execution is a task that was started and has not succeeded or failed.
type execution struct {
	node    int
	request *task.Request
	tries   tries
	// data is what links brought, for those that handle an error of the task.
	data []task.Named
	// given are its inputs, whatever becomes of those in the request.
	given []task.Named
}

// merger gathers what the links of a node deliver until it can execute.
type merger struct {
	waiting  int // required links that have not delivered
	executed bool
	slots    []delivery // one for each incoming link, for required and cached ones
	buffer   []delivery // of other links, before the first execution
	retained delivery   // of other links, since then
}

// delivery is the data that a link brought.
type delivery struct {
	filled bool
	cached bool // of an optional link
	data   []task.Named
}

// made are the outputs of a task that take room somewhere, with the number of
// deliveries that refer to them.
type made struct {
	id     task.ID
	refs   int
	values []task.Value
}

// New is the state before anything has happened.
func New(p *Plan, o Options) *State {
	s := &State{
		plan: p, o: o, merging: make([]merger, len(p.nodes)),
		running: map[uint64]*execution{}, made: map[uint64]*made{}, latest: map[int]task.Result{},
		outcome: Outcome{Status: Running}, counts: Counts{Nodes: len(p.nodes)},
	}
	for i := range s.merging {
		s.merging[i].waiting = p.nodes[i].required
	}
	return s
}

// Workflow is what the run executes. It must not be changed.
func (s *State) Workflow() *workflow.Workflow { return s.plan.wf }

// Counts tells how far the run is.
func (s *State) Counts() Counts { return s.counts }

// Later is the number of nodes that could be executed now, and are not started yet
// because of the Window.
func (s *State) Later() int { return len(s.later) }

// Outcome tells how the run ended, or that it is running.
func (s *State) Outcome() Outcome { return s.outcome }

// Node returns the node of a task that was started and has not ended.
func (s *State) Node(seq uint64) (string, bool) {
	e, ok := s.running[seq]
	if !ok {
		return "", false
	}
	return e.request.Node, true
}
