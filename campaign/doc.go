// Package campaign is the pure core of campaigns: one workflow applied to a
// table of parameters. It reads tables and campaign files, derives values,
// turns rows into inputs of runs, and gives every row an identity, by which a
// row that was done stays done.
//
// Tables stream: a row is read when it is asked for, and then forgotten.
package campaign
