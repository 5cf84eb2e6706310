// Package report makes a report of a run or a campaign from the records of its
// attempts: as data, and as one HTML file that needs nothing else.
//
// A Builder takes the attempts one after the other and keeps figures only, so a
// report of a million attempts needs little more memory than one of a thousand.
package report
