package task

import (
	"fmt"
	"strings"
)

// ExceptionValue is a Python RuntimeError with a message, for failures of which
// no interpreter is left to tell: a pickle of protocol 0, written by hand.
func ExceptionValue(message string) Value {
	var text strings.Builder
	for _, c := range message {
		switch {
		case c == '\\' || c == '\n' || c == '\r' || c == 0 || c == 0x1a:
			fmt.Fprintf(&text, `\u%04x`, c)
		case c < 0x100:
			text.WriteByte(byte(c)) // the encoding is raw-unicode-escape: Latin-1 as it is
		case c < 0x10000:
			fmt.Fprintf(&text, `\u%04x`, c)
		default:
			fmt.Fprintf(&text, `\U%08x`, c)
		}
	}
	return Value{Kind: Pickled, Blobs: [][]byte{[]byte("cbuiltins\nRuntimeError\n(V" + text.String() + "\ntR.")}}
}
