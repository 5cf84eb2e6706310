package draw

import "slices"

// The layout is the layered one of Sugiyama, Tagawa and Toda (1981): break the
// cycles, put the nodes in columns, order each column so that few links cross,
// then choose heights. Every link passes one waypoint between two columns of
// nodes, which is also where its caption has its room.

// size is the room that something takes, in pixels.
type size struct{ w, h float64 }

type point struct{ x, y float64 }

// arc is a link of the graph to lay out, with the room of its caption.
type arc struct {
	from, to int
	caption  size
}

// layout says where everything is. Boxes and waypoints are centers.
type layout struct {
	size  size
	boxes []point
	// routes has the waypoints of each arc, from source to target, with their
	// sizes; none for an arc from a node to itself.
	routes [][]waypoint
}

// waypoint is where a link passes a column: over its whole width.
type waypoint struct {
	point
	size
}

const (
	columnGap = 26.0
	rowGap    = 18.0
	margin    = 24.0
	// mostItems bounds the nodes and waypoints together, so that a picture
	// takes seconds and not minutes.
	mostItems = 60_000
)

// item is a node or a waypoint of an arc.
type item struct {
	size
	column int
	y      float64
	// left and right are the items that it is linked with in the columns next
	// to its own.
	left, right []int
	way         bool
}

type layering struct {
	items   []item
	columns [][]int
	chains  [][]int
}

// place lays out a graph from left to right. It reports false when the graph
// is too large for that.
func place(nodes []size, arcs []arc) (layout, bool) {
	if len(nodes) > mostItems {
		return layout{}, false
	}
	back := backward(len(nodes), arcs)
	columns := assign(len(nodes), arcs, back)
	l := &layering{}
	for i, s := range nodes {
		l.add(item{size: s, column: 2 * columns[i]})
	}
	if !l.route(arcs, back) {
		return layout{}, false
	}
	l.order()
	l.settle()
	return l.result(len(nodes), back), true
}

func (l *layering) add(it item) int {
	i := len(l.items)
	l.items = append(l.items, it)
	for len(l.columns) <= it.column {
		l.columns = append(l.columns, nil)
	}
	l.columns[it.column] = append(l.columns[it.column], i)
	return i
}

// route adds the waypoints of the arcs: one for each column between the ends.
func (l *layering) route(arcs []arc, back []bool) bool {
	l.chains = make([][]int, len(arcs))
	for a, arc := range arcs {
		if arc.from == arc.to {
			continue
		}
		from, to := arc.from, arc.to
		if back[a] {
			from, to = to, from
		}
		first, last := l.items[from].column+1, l.items[to].column
		if len(l.items)+last-first > mostItems {
			return false
		}
		previous := from
		for c := first; c < last; c++ {
			it := item{column: c, way: true}
			if c == first {
				it.size = arc.caption
			}
			next := l.add(it)
			l.join(previous, next)
			l.chains[a] = append(l.chains[a], next)
			previous = next
		}
		l.join(previous, to)
	}
	return true
}

func (l *layering) join(a, b int) {
	l.items[a].right = append(l.items[a].right, b)
	l.items[b].left = append(l.items[b].left, a)
}

// backward marks the arcs that close a cycle: without them there is none.
func backward(nodes int, arcs []arc) []bool {
	out, in := make([][]int, nodes), make([]int, nodes)
	for a, arc := range arcs {
		out[arc.from] = append(out[arc.from], a)
		if arc.from != arc.to {
			in[arc.to]++
		}
	}
	back := make([]bool, len(arcs))
	const open, done = 1, 2
	state := make([]int, nodes)
	var visit func(i int)
	visit = func(i int) {
		state[i] = open
		for _, a := range out[i] {
			switch to := arcs[a].to; state[to] {
			case open:
				back[a] = true
			case done:
			default:
				visit(to)
			}
		}
		state[i] = done
	}
	// Nodes that nothing leads to come first: a cycle is then entered where
	// the workflow enters it.
	for _, entry := range []bool{true, false} {
		for i := range nodes {
			if state[i] == 0 && (in[i] == 0 || !entry) {
				visit(i)
			}
		}
	}
	return back
}

// assign gives each node the column after all that lead to it.
func assign(nodes int, arcs []arc, back []bool) []int {
	out, waits := make([][]int, nodes), make([]int, nodes)
	for a, arc := range arcs {
		from, to := arc.from, arc.to
		if from == to {
			continue
		}
		if back[a] {
			from, to = to, from
		}
		out[from] = append(out[from], to)
		waits[to]++
	}
	var ready, entries []int
	for i, n := range waits {
		if n == 0 {
			ready, entries = append(ready, i), append(entries, i)
		}
	}
	column := make([]int, nodes)
	for ; len(ready) > 0; ready = ready[1:] {
		for _, to := range out[ready[0]] {
			column[to] = max(column[to], column[ready[0]]+1)
			if waits[to]--; waits[to] == 0 {
				ready = append(ready, to)
			}
		}
	}
	// What enters late stands next to what it leads to, not at the far left.
	for _, i := range entries {
		if len(out[i]) > 0 {
			next := slices.MinFunc(out[i], func(a, b int) int { return column[a] - column[b] })
			column[i] = column[next] - 1
		}
	}
	return column
}

// result turns the columns and heights into positions.
func (l *layering) result(nodes int, back []bool) layout {
	x := make([]float64, len(l.items))
	widths := make([]float64, len(l.columns))
	at := margin
	for c, column := range l.columns {
		for _, i := range column {
			widths[c] = max(widths[c], l.items[i].w)
		}
		for _, i := range column {
			x[i] = at + widths[c]/2
		}
		at += widths[c] + columnGap
	}
	out := layout{size: size{at - columnGap + margin, 0}, boxes: make([]point, nodes), routes: make([][]waypoint, len(l.chains))}
	for i := range l.items {
		out.size.h = max(out.size.h, l.items[i].y+l.items[i].h/2+margin)
	}
	for i := range out.boxes {
		out.boxes[i] = point{x[i], l.items[i].y}
	}
	for a, chain := range l.chains {
		for _, i := range chain {
			it := &l.items[i]
			out.routes[a] = append(out.routes[a], waypoint{point{x[i], it.y}, size{widths[it.column], it.h}})
		}
		if back[a] {
			slices.Reverse(out.routes[a])
		}
	}
	return out
}
