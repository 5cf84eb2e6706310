// Package app wires the rooms of ewoks-hpc together: it runs a workflow with
// one of the schedulers, brings a cluster up and down, and is the worker.
// It knows no flags and prints nothing; internal/cli does.
package app
