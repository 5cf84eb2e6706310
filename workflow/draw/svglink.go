package draw

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/ewoks-hpc/ewoks-hpc/workflow"
)

// mostNames is how many values of a link are named; of more the number is given.
const mostNames = 3

// caption is what stands at a link: when it fires, then what goes over it.
type caption struct {
	when  []string
	what  []string
	error bool
}

func captionsOf(wf *workflow.Workflow) []caption {
	captions := make([]caption, len(wf.Links))
	for i := range wf.Links {
		captions[i] = newCaption(&wf.Links[i])
	}
	return captions
}

func newCaption(l *workflow.Link) caption {
	c := caption{error: l.OnError}
	if l.OnError {
		c.when = append(c.when, "on error")
	}
	for _, condition := range l.Conditions {
		c.when = append(c.when, short(fmt.Sprintf("%s = %s", condition.Output, condition.Value), 32))
	}
	if l.MapAll {
		c.what = append(c.what, "all values")
	}
	if len(l.DataMapping) > mostNames {
		c.what = append(c.what, fmt.Sprintf("%d values", len(l.DataMapping)))
		return c
	}
	for _, m := range l.DataMapping {
		c.what = append(c.what, short(mapped(m), 32))
	}
	return c
}

func mapped(m workflow.Mapping) string {
	switch m.Output {
	case "":
		return fmt.Sprintf("all as %s", m.Input)
	case m.Input:
		return string(m.Input)
	}
	return fmt.Sprintf("%s as %s", m.Output, m.Input)
}

// room has a little more than the text below it, where the link passes.
func (c caption) room() size {
	lines := len(c.when) + len(c.what)
	if lines == 0 {
		return size{}
	}
	w := 0.0
	for _, text := range slices.Concat(c.when, c.what) {
		w = max(w, textWidth(text, captionSize))
	}
	return size{w + 6, float64(lines)*(captionSize+2) + 6}
}

func (c caption) write(b *strings.Builder, at point) {
	line := func(class, text string) {
		fmt.Fprintf(b, `<text class="%s" style="font-size:%.1fpx" x="%.1f" y="%.1f">%s</text>`, class, captionSize, at.x, at.y, escape(text))
		at.y += captionSize + 2
	}
	for _, text := range c.when {
		if c.error {
			line("errortext", text)
		} else {
			line("when", text)
		}
	}
	for _, text := range c.what {
		line("dim", text)
	}
}

// curve draws a link through its waypoints: straight over their columns, and
// bent between them.
func curve(ends [2]point, route []waypoint) string {
	var b strings.Builder
	at := ends[0]
	fmt.Fprintf(&b, "M%.1f %.1f", at.x, at.y)
	bend := func(to point) {
		middle := (at.x + to.x) / 2
		fmt.Fprintf(&b, "C%.1f %.1f %.1f %.1f %.1f %.1f", middle, at.y, middle, to.y, to.x, to.y)
		at = to
	}
	half := 0.5
	if ends[1].x < ends[0].x {
		half = -half
	}
	for _, way := range route {
		y := way.y
		if way.h > 0 {
			y += way.h/2 - 2 // below the caption
		}
		bend(point{way.x - half*way.w, y})
		if way.w > 0 {
			at = point{way.x + half*way.w, y}
			fmt.Fprintf(&b, "H%.1f", at.x)
		}
	}
	bend(ends[1])
	return b.String()
}

// portsOf spreads the ends of the links over the sides of the boxes, in the
// order in which they come, so that none hides another.
func portsOf(wf *workflow.Workflow, boxes []box, where layout) [][2]point {
	type port struct {
		link, end int
		toward    float64
	}
	sides := make([][2][]port, len(boxes)) // left, right
	ends := make([][2]point, len(wf.Links))
	for l, route := range where.routes {
		if len(route) == 0 {
			continue
		}
		source, target := wf.Links[l].Source, wf.Links[l].Target
		out, in := 1, 0
		if boxes[target].center.x < boxes[source].center.x {
			out, in = 0, 1
		}
		sides[source][out] = append(sides[source][out], port{l, 0, route[0].y})
		sides[target][in] = append(sides[target][in], port{l, 1, route[len(route)-1].y})
	}
	for i := range boxes {
		for side, x := range []float64{boxes[i].left(), boxes[i].right()} {
			ports := sides[i][side]
			slices.SortStableFunc(ports, func(a, b port) int { return cmp.Compare(a.toward, b.toward) })
			step := min(12, (boxes[i].inner.h-2*corner)/float64(max(len(ports)-1, 1)))
			y := boxes[i].center.y - step*float64(len(ports)-1)/2
			for _, p := range ports {
				ends[p.link][p.end] = point{x, y}
				y += step
			}
		}
	}
	return ends
}
