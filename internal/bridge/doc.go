// Package bridge is how the Python package ewokshpc uses this program: calls
// and answers as frames of package task over a socket on standard input.
//
// A call is {"id": number, "call": verb, "args": ...}. What belongs to it comes
// with the same id: {"value": ...} or {"error": ...} ends it; a run sends
// {"printed": [node, stdout, stderr]} while it lasts and {"outcome": ...} at its
// end. One without a cluster begins with {"begin": directory for large values}.
//
// The end of the socket is the end of everything that was started over it.
package bridge
