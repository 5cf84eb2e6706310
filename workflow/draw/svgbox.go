package draw

import (
	"fmt"
	"strings"

	"github.com/ewoks-hpc/ewoks-hpc/workflow"
)

const (
	nameSize    = 13.0
	detailSize  = 11.0
	captionSize = 10.5
	lineHeight  = 15.0
	padding     = 10.0
	corner      = 7.0
	// markHeight is how far the words "start" and "end" stand out of a box.
	markHeight = 8.0
	// loopHeight and loopWidth are of a link from a node to itself.
	loopHeight, loopWidth = 26.0, 34.0
)

// box is a node: its name, its id where that is different, and its task.
type box struct {
	name    string
	details []string
	mark    string
	// inner is the rectangle alone; above is the room for what stands on it.
	inner size
	above float64
	loops size
	// center is of the rectangle.
	center point
}

func boxesOf(wf *workflow.Workflow) []box {
	start, end := marks(wf.StartNodes(nil)), marks(wf.EndNodes())
	boxes := make([]box, len(wf.Nodes))
	for i := range wf.Nodes {
		b := newBox(&wf.Nodes[i])
		switch {
		case start[i] && end[i]:
			b.mark = "start, end"
		case start[i]:
			b.mark = "start"
		case end[i]:
			b.mark = "end"
		}
		if b.mark != "" {
			b.above = markHeight
			b.inner.w = max(b.inner.w, b.markWidth()+2*corner)
		}
		boxes[i] = b
	}
	return boxes
}

func newBox(n *workflow.Node) box {
	b := box{name: short(n.Name(), 40)}
	if n.Label != "" && n.Label != n.ID.String() {
		b.details = append(b.details, shortHead(n.ID.String(), 44))
	}
	if task := strings.TrimSpace(n.TaskType + " " + shortHead(n.Identifier, 32)); task != "" {
		b.details = append(b.details, task)
	}
	w := textWidth(b.name, nameSize) * 1.06
	for _, d := range b.details {
		w = max(w, textWidth(d, detailSize))
	}
	b.inner = size{max(w+2*padding, 70), float64(1+len(b.details))*lineHeight + padding}
	return b
}

// shortHead cuts the beginning: the end of an identifier says most.
func shortHead(text string, most int) string {
	if runes := []rune(text); len(runes) > most {
		return "..." + strings.TrimLeft(string(runes[len(runes)-most+3:]), ".")
	}
	return text
}

func (b *box) markWidth() float64 { return textWidth(b.mark, 10) + 8 }

// selfLink makes room above the box for a link from the node to itself.
func (b *box) selfLink(c caption) {
	b.loops = size{max(loopWidth, c.room().w), loopHeight + c.room().h}
	b.above = max(b.above, b.loops.h)
	b.inner.w = max(b.inner.w, b.markWidth()+loopWidth+4*corner)
}

// room is what the box takes in the layout. What stands above is counted
// below too, so that links, which aim at the center, meet the box in its middle.
func (b *box) room() size { return size{max(b.inner.w, b.loops.w), b.inner.h + 2*b.above} }

func (b *box) at(center point) { b.center = center }

func (b *box) left() float64  { return b.center.x - b.inner.w/2 }
func (b *box) right() float64 { return b.center.x + b.inner.w/2 }
func (b *box) top() float64   { return b.center.y - b.inner.h/2 }

// loop is the path of a link from the node to itself, and where its caption is.
func (b *box) loop() (path string, text point) {
	x := max(b.center.x, b.right()-corner-b.loops.w/2)
	left, right, top := x-loopWidth/2+3, x+loopWidth/2-3, b.top()
	path = fmt.Sprintf("M%.1f %.1fC%.1f %.1f %.1f %.1f %.1f %.1f", right, top, right+8, top-loopHeight*1.2, left-8, top-loopHeight*1.2, left, top)
	return path, point{x, top - b.loops.h + captionSize}
}

func (b *box) write(out *strings.Builder) {
	x, y := b.center.x, b.top()
	fmt.Fprintf(out, `<g><rect class="box" x="%.1f" y="%.1f" width="%.1f" height="%.1f" rx="%.0f"/>`, b.left(), y, b.inner.w, b.inner.h, corner)
	line := y + padding/2 + nameSize - 1
	fmt.Fprintf(out, `<text class="name" x="%.1f" y="%.1f">%s</text>`, x, line, escape(b.name))
	for _, d := range b.details {
		line += lineHeight
		fmt.Fprintf(out, `<text class="dim" x="%.1f" y="%.1f">%s</text>`, x, line, escape(d))
	}
	if b.mark != "" {
		w := b.markWidth()
		fmt.Fprintf(out, `<rect class="mark" x="%.1f" y="%.1f" width="%.1f" height="13" rx="6"/>`, b.left()+corner, y-markHeight, w)
		fmt.Fprintf(out, `<text class="marked" x="%.1f" y="%.1f">%s</text>`, b.left()+corner+w/2, y-markHeight+10, b.mark)
	}
	out.WriteString("</g>\n")
}
