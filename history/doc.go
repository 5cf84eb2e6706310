// Package history keeps what became of attempts: the newest in memory, for pages
// that are live, and all of them in a file for each run or campaign, for reports.
//
// Who adds never waits for the disk. What the disk cannot take is counted, and
// the file says how much is missing.
package history
