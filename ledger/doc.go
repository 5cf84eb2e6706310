// Package ledger records what happened to each row of a campaign, in one SQLite
// file per campaign. It is the only home of SQLite, and of Parquet.
//
// One file per campaign: it can be copied, kept or deleted like any result, a
// damaged one harms no other campaign, and campaigns do not wait for each
// other's writes. The file is in WAL mode, so it can be read while it is
// written; it belongs on a local disk.
//
// Times of rows are kept in microseconds, sizes in bytes. A waiting row has no
// details: those of attempts that did not settle it are in the history.
package ledger
