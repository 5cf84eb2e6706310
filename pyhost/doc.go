// Package pyhost runs tasks in warm Python interpreters.
//
// A Pool keeps a number of interpreters, each with one or several threads, and
// feeds them requests over a socket on their standard input: frames of package
// task, a JSON header and opaque binary values. What runs inside is the Python
// source in the folder python, embedded and sent over the same socket, so that
// nothing has to be installed where tasks run.
//
// An interpreter that dies or takes too long is an error of the task that it
// was executing only: it is replaced, and tasks that it had not begun are given
// to another.
package pyhost
