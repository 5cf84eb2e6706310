// Package top is the full-screen picture of a cluster in a terminal: overview,
// runs, workers, jobs and campaigns. The model is pure: messages in, a new model and
// at most one wish out; what it looks like is a function of the model. All that
// talks to the cluster and to the terminal is in program.go.
package top
