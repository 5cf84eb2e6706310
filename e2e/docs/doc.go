// Package docs tests what the documentation shows: each page is one session of a
// user in a folder of its own, whose commands are typed into a shell, with the real
// program, a real Slurm and real Python. What they print is compared with the page.
//
//	go test ./e2e/docs -run 'TestPages/docs:pools.md'
//	go test ./e2e/docs -run 'TestPages/docs:pools.md' -update   # put in what was printed
//
// What a page has:
//
//	```console               commands after "$ ", each with what it prints below it.
//	                         A command goes on after a "\", and in lines that begin with "> ".
//	                         "..." is any text within a line, or any lines. Times, ids,
//	                         addresses and widths of columns may differ, see varying;
//	                         lines that only tell progress are left out.
//	```toml title="x.toml"   a file of the working folder, in any language
//	```pycon                 a session of Python, run by doctest
//	other blocks             are only read
//
// A command fails if and only if what it prints has a line that begins with
// "ewoks-hpc: ". Commands that look at a cluster are repeated until they show what the
// page shows. Comments say what readers need not see:
//
//	<!-- test: slurm -->             the page needs Slurm: three nodes of four CPUs and a GPU;
//	                                 a line PartitionName=... for slurm.conf may follow
//	<!-- test: copy examples/x -->   the working folder begins as a copy of this one
//	<!-- test: run COMMAND -->       a command that is not shown, and must succeed
//	<!-- test: fails -->             the first command of the next block fails
//
// A README begins in a copy of its folder.
package docs
