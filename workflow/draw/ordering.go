package draw

import (
	"cmp"
	"slices"
)

const (
	orderSweeps  = 24
	heightSweeps = 12
)

// order sorts the columns so that few links cross, by the mean position of the
// neighbours (Sugiyama's barycenter), from left to right and back, and keeps
// the best that it saw.
func (l *layering) order() {
	rank := make([]float64, len(l.items))
	l.number(rank)
	best, fewest := l.snapshot(), l.crossings(rank)
	for sweep := 0; sweep < orderSweeps && fewest > 0; sweep++ {
		for k := range l.columns {
			c, side := k, leftOf
			if sweep%2 == 1 {
				c, side = len(l.columns)-1-k, rightOf
			}
			l.sortColumn(c, side, rank)
		}
		if n := l.crossings(rank); n < fewest {
			best, fewest = l.snapshot(), n
		}
	}
	l.columns = best
}

func leftOf(it *item) []int  { return it.left }
func rightOf(it *item) []int { return it.right }

func (l *layering) number(rank []float64) {
	for _, column := range l.columns {
		for k, i := range column {
			rank[i] = float64(k)
		}
	}
}

func (l *layering) snapshot() [][]int {
	columns := make([][]int, len(l.columns))
	for c := range columns {
		columns[c] = slices.Clone(l.columns[c])
	}
	return columns
}

func (l *layering) sortColumn(c int, side func(*item) []int, rank []float64) {
	column := l.columns[c]
	wish := make(map[int]float64, len(column))
	for _, i := range column {
		wish[i] = mean(side(&l.items[i]), rank, rank[i])
	}
	slices.SortStableFunc(column, func(a, b int) int { return cmp.Compare(wish[a], wish[b]) })
	for k, i := range column {
		rank[i] = float64(k)
	}
}

func mean(of []int, values []float64, otherwise float64) float64 {
	if len(of) == 0 {
		return otherwise
	}
	sum := 0.0
	for _, i := range of {
		sum += values[i]
	}
	return sum / float64(len(of))
}

// crossings counts the pairs of links that cross: the inversions between the
// orders at their two ends.
func (l *layering) crossings(rank []float64) int {
	total := 0
	for c, column := range l.columns[:max(len(l.columns)-1, 0)] {
		tree := make([]int, len(l.columns[c+1])+1) // Fenwick's
		seen := 0
		for _, i := range column {
			for _, j := range l.items[i].right {
				before := 0
				for k := int(rank[j]) + 1; k > 0; k -= k & -k {
					before += tree[k]
				}
				total += seen - before
			}
			for _, j := range l.items[i].right {
				for k := int(rank[j]) + 1; k < len(tree); k += k & -k {
					tree[k]++
				}
				seen++
			}
		}
	}
	return total
}

// settle chooses the heights: each item wants to be where its neighbours are,
// and its column keeps its order and its gaps.
func (l *layering) settle() {
	for _, column := range l.columns {
		y := 0.0
		for _, i := range column {
			l.items[i].y = y + l.items[i].h/2
			y += l.items[i].h + rowGap
		}
	}
	for sweep := range heightSweeps {
		for k := range l.columns {
			c, side := k, leftOf
			if sweep%2 == 1 {
				c, side = len(l.columns)-1-k, rightOf
			}
			l.pull(l.columns[c], side)
		}
	}
	top := 0.0
	for i := range l.items {
		top = min(top, l.items[i].y-l.items[i].h/2)
	}
	for i := range l.items {
		l.items[i].y += margin - top
	}
}

// block is a run of items that touch, and where it wants to be.
type block struct {
	sum, weight float64
	count       int
}

func (b block) at() float64 { return b.sum / b.weight }

// pull moves the items of a column to where their neighbours on one side are,
// as near as order and gaps allow: the least squares of that are found by
// pooling adjacent violators.
func (l *layering) pull(column []int, side func(*item) []int) {
	blocks := make([]block, 0, len(column))
	offset := make([]float64, len(column))
	for k, i := range column {
		if k > 0 {
			before := column[k-1]
			offset[k] = offset[k-1] + (l.items[before].h+l.items[i].h)/2 + rowGap
		}
		wish, weight := l.wish(i, side)
		b := block{(wish - offset[k]) * weight, weight, 1}
		for len(blocks) > 0 && blocks[len(blocks)-1].at() > b.at() {
			last := blocks[len(blocks)-1]
			blocks = blocks[:len(blocks)-1]
			b = block{last.sum + b.sum, last.weight + b.weight, last.count + b.count}
		}
		blocks = append(blocks, b)
	}
	k := 0
	for _, b := range blocks {
		for range b.count {
			l.items[column[k]].y = b.at() + offset[k]
			k++
		}
	}
}

// wish is where an item wants to be and how much. A long link wants to be
// straight more than a node wants to be in the middle.
func (l *layering) wish(i int, side func(*item) []int) (y, weight float64) {
	it := &l.items[i]
	near := side(it)
	if len(near) == 0 {
		return it.y, 0.1
	}
	for _, j := range near {
		y += l.items[j].y
	}
	weight = 1
	if it.way && l.items[near[0]].way {
		weight = 8
	}
	return y / float64(len(near)), weight
}
