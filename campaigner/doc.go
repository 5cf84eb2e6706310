// Package campaigner is the service that carries campaigns out: it hands the rows of
// each ledger to the cluster as runs, and records how they end.
//
// There is one loop. Each turn of it first records what has ended, in one
// transaction for each campaign, and then begins rows up to the window. Nothing is
// in memory but the rows in flight; what a row is and became is in its ledger, so
// the service may end at any moment and go on from there.
package campaigner
