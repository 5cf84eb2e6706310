package draw

import (
	"fmt"
	"strings"

	"github.com/ewoks-hpc/ewoks-hpc/workflow"
)

// TooLargeError says that a workflow has too many nodes and links, or links
// that are too long, for a picture.
type TooLargeError struct{ Nodes, Links int }

func (e TooLargeError) Error() string {
	return fmt.Sprintf("%d nodes and %d links are too many for a picture", e.Nodes, e.Links)
}

// Hint says what to do instead.
func (e TooLargeError) Hint() string {
	return "use --format dot, and sfdp of Graphviz to draw it"
}

// The colours are of Okabe and Ito's palette, which colour-blind people can
// tell apart; dashes and words say the same once more.
const svgStyle = `svg{background:var(--paper);--paper:#fff;--box:#f5f7fa;--ink:#1b2430;--dim:#5b6673;--line:#66717e;--mark:#0072b2;--error:#c24e00}
@media(prefers-color-scheme:dark){svg{--paper:#14181d;--box:#222932;--ink:#e8ecf1;--dim:#a3aebb;--line:#97a3b0;--mark:#56b4e9;--error:#f39a4a}}
text{font-family:system-ui,-apple-system,"Segoe UI","DejaVu Sans",sans-serif;text-anchor:middle;fill:var(--ink)}
.paper{fill:var(--paper)}.box{fill:var(--box);stroke:var(--line);stroke-width:1.2}.name{font-size:13px;font-weight:600}.dim{font-size:11px;fill:var(--dim)}
.mark{fill:var(--mark)}.marked{font-size:10px;font-weight:600;fill:var(--paper)}
.link{fill:none;stroke:var(--line);stroke-width:1.4}.if{stroke-dasharray:6 4}.error{stroke:var(--error);stroke-dasharray:2 3}
.tip{fill:var(--line)}.errortip{fill:var(--error)}.errortext{fill:var(--error)}
`

const svgTips = `<defs>
<marker id="tip" viewBox="0 0 8 8" refX="7.5" refY="4" markerWidth="8" markerHeight="8" markerUnits="userSpaceOnUse" orient="auto"><path class="tip" d="M0 0.5L8 4L0 7.5z"/></marker>
<marker id="errortip" viewBox="0 0 8 8" refX="7.5" refY="4" markerWidth="8" markerHeight="8" markerUnits="userSpaceOnUse" orient="auto"><path class="errortip" d="M0 0.5L8 4L0 7.5z"/></marker>
</defs>
`

// svg draws the workflow as one file that refers to nothing outside of it.
func svg(wf *workflow.Workflow) (string, error) {
	boxes, captions := boxesOf(wf), captionsOf(wf)
	sizes, arcs := make([]size, len(boxes)), make([]arc, len(captions))
	for i := range boxes {
		sizes[i] = boxes[i].room()
	}
	for l := range captions {
		link := &wf.Links[l]
		arcs[l] = arc{from: link.Source, to: link.Target, caption: captions[l].room()}
		if link.Source == link.Target {
			boxes[link.Source].selfLink(captions[l])
			sizes[link.Source] = boxes[link.Source].room()
		}
	}
	where, ok := place(sizes, arcs)
	if !ok {
		return "", TooLargeError{len(wf.Nodes), len(wf.Links)}
	}
	for i := range boxes {
		boxes[i].at(where.boxes[i])
	}
	return write(wf, boxes, captions, where), nil
}

func write(wf *workflow.Workflow, boxes []box, captions []caption, where layout) string {
	var b strings.Builder
	w, h := max(where.size.w, 2*margin), max(where.size.h, 2*margin)
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%.0f" height="%.0f" viewBox="0 0 %.0f %.0f" role="img">`+"\n", w, h, w, h)
	fmt.Fprintf(&b, "<title>%s</title>\n<style>\n%s</style>\n%s", escape(wf.Label), svgStyle, svgTips)
	fmt.Fprintf(&b, `<rect class="paper" width="%.0f" height="%.0f"/>`+"\n", w, h)
	ends := portsOf(wf, boxes, where)
	for l := range captions {
		writeLink(&b, &wf.Links[l], linkPicture{
			route: where.routes[l], ends: ends[l], caption: captions[l], source: boxes[wf.Links[l].Source],
			title: fmt.Sprintf("%s -> %s%s", wf.Nodes[wf.Links[l].Source].ID, wf.Nodes[wf.Links[l].Target].ID, suffix(describe(&wf.Links[l]))),
		})
	}
	for i := range boxes {
		boxes[i].write(&b)
	}
	b.WriteString("</svg>\n")
	return b.String()
}

type linkPicture struct {
	route   []waypoint
	ends    [2]point
	caption caption
	source  box
	title   string
}

func writeLink(b *strings.Builder, link *workflow.Link, p linkPicture) {
	class, tip := "link", "tip"
	switch {
	case link.OnError:
		class, tip = "link error", "errortip"
	case link.Conditional():
		class = "link if"
	}
	path, text := p.source.loop()
	if link.Source != link.Target {
		path, text = curve(p.ends, p.route), captionAt(p)
	}
	fmt.Fprintf(b, `<g><title>%s</title><path class="%s" marker-end="url(#%s)" d="%s"/>`, escape(p.title), class, tip, path)
	p.caption.write(b, text)
	b.WriteString("</g>\n")
}

// captionAt is where the first line of the caption stands: the waypoint that
// the layout gave its room is next to the source, or for a link that goes back
// next to the target.
func captionAt(p linkPicture) point {
	way := p.route[0]
	if last := p.route[len(p.route)-1]; p.ends[1].x < p.ends[0].x {
		way = last
	}
	return point{way.x, way.y - way.h/2 + captionSize}
}
