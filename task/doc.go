// Package task is the vocabulary that the rooms of ewoks-hpc share: the ids of
// runs and tasks, the Request that asks an interpreter to execute a node once,
// the Result that answers it, the Values that travel between them, and their
// encoding on every wire (the pipe to an interpreter, the broker's messages).
//
// Values are opaque: what a Python task produced is a pickle, a file or a
// reference to an object inside an interpreter, and nothing here looks into it.
package task
