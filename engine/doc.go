// Package engine is the state machine of a run: which tasks to execute next,
// what data goes over links, how the run ends and with which outputs.
//
// It is pure. A Plan is what follows from the workflow alone; a State is one
// run of it; Step folds an Event into the state and returns the Actions that
// somebody else must carry out. There is no goroutine, no clock and no I/O, so
// the same events always lead to the same state: that is how a run is rebuilt
// from a journal, and how it is tested with random orders of events.
//
// The semantics are those of ewoks: a node executes when all its required
// links have delivered, its inputs are its defaults overlaid by the data of
// links, and an error that no link handles ends the run.
package engine
