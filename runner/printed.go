package runner

import (
	"fmt"
	"strings"
)

// keptText is what is kept of the beginning, and of the end, of what a run prints, in
// bytes: as much as of a task, see capture.py.
const keptText = 32 << 10

// printed is what the tasks of a run print, each line with its node.
type printed struct {
	head, tail []byte
	cut        int
}

func (p *printed) add(node, text string) {
	for line := range strings.Lines(text) {
		p.write(fmt.Sprintf("[%s] %s\n", node, strings.TrimSuffix(line, "\n")))
	}
}

func (p *printed) write(line string) {
	if room := keptText - len(p.head); room > 0 && len(p.tail) == 0 && p.cut == 0 {
		n := min(room, len(line))
		p.head = append(p.head, line[:n]...)
		line = line[n:]
	}
	p.tail = append(p.tail, line...)
	if len(p.tail) >= 2*keptText {
		p.trim()
	}
}

// trim lets go of what is too much of the end.
func (p *printed) trim() {
	if n := len(p.tail) - keptText; n > 0 {
		p.cut += n
		p.tail = append(p.tail[:0], p.tail[n:]...)
	}
}

func (p *printed) text() string {
	p.trim()
	middle := ""
	if p.cut > 0 {
		middle = fmt.Sprintf("\n... %d bytes cut ...\n", p.cut)
	}
	return strings.ToValidUTF8(string(p.head)+middle+string(p.tail), "\ufffd")
}
