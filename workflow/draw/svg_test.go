package draw_test

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/workflow"
	"github.com/ewoks-hpc/ewoks-hpc/workflow/draw"
)

// picture is what the tests read back of an SVG file.
type picture struct {
	XMLName xml.Name `xml:"http://www.w3.org/2000/svg svg"`
	Width   float64  `xml:"width,attr"`
	Height  float64  `xml:"height,attr"`
	Title   string   `xml:"title"`
	Groups  []struct {
		Title string `xml:"title"`
		Rects []rect `xml:"rect"`
		Paths []struct {
			D     string `xml:"d,attr"`
			Class string `xml:"class,attr"`
			Tip   string `xml:"marker-end,attr"`
		} `xml:"path"`
		Texts []string `xml:"text"`
	} `xml:"g"`
}

type rect struct {
	Class string  `xml:"class,attr"`
	X     float64 `xml:"x,attr"`
	Y     float64 `xml:"y,attr"`
	W     float64 `xml:"width,attr"`
	H     float64 `xml:"height,attr"`
}

// touches reports whether a point is on the border, as exactly as it is written.
func (r rect) touches(x, y float64) bool {
	const near = 0.3
	inside := x > r.X-near && x < r.X+r.W+near && y > r.Y-near && y < r.Y+r.H+near
	edge := min(math.Abs(x-r.X), math.Abs(x-r.X-r.W), math.Abs(y-r.Y), math.Abs(y-r.Y-r.H))
	return inside && edge < near
}

// drawn is a picture by name: the texts and rectangles of nodes, the paths of links.
type drawn struct {
	picture
	boxes map[string]rect
	texts map[string][]string
	links map[string]string // "a -> b": its class
	paths map[string][2][2]float64
}

func draws(t *testing.T, graph string) drawn {
	t.Helper()
	wf, err := workflow.Parse([]byte(graph), workflow.LoadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	text, err := draw.Draw(wf, "svg")
	if err != nil {
		t.Fatal(err)
	}
	if again, _ := draw.Draw(wf, "svg"); again != text {
		t.Error("the same workflow gives two pictures")
	}
	for _, foreign := range []string{"<script", "href", "@import", "<image", "<foreignObject", "NaN", "Inf"} {
		if strings.Contains(text, foreign) {
			t.Errorf("the picture has %s", foreign)
		}
	}
	d := drawn{boxes: map[string]rect{}, texts: map[string][]string{}, links: map[string]string{}, paths: map[string][2][2]float64{}}
	if err := xml.Unmarshal([]byte(text), &d.picture); err != nil {
		t.Fatal(err)
	}
	d.read(t)
	return d
}

func (d *drawn) read(t *testing.T) {
	t.Helper()
	for _, g := range d.Groups {
		if len(g.Paths) == 0 {
			d.boxes[g.Texts[0]], d.texts[g.Texts[0]] = g.Rects[0], g.Texts
			continue
		}
		name, _, _ := strings.Cut(g.Title, "  (")
		p := g.Paths[0]
		if p.Tip == "" {
			t.Errorf("%s has no arrowhead", name)
		}
		numbers := strings.FieldsFunc(p.D, func(r rune) bool { return strings.ContainsRune("MCH ", r) })
		var ends [2][2]float64
		for i, at := range []int{0, len(numbers) - 2} {
			if _, err := fmt.Sscan(numbers[at]+" "+numbers[at+1], &ends[i][0], &ends[i][1]); err != nil {
				t.Fatal(err)
			}
		}
		d.links[name], d.texts[name], d.paths[name] = p.Class, g.Texts, ends
	}
}

// sound checks what holds for every picture.
func (d *drawn) sound(t *testing.T, nodes, links int) {
	t.Helper()
	if len(d.boxes) != nodes || len(d.links) != links {
		t.Errorf("%d boxes and %d links, want %d and %d", len(d.boxes), len(d.links), nodes, links)
	}
	var seen []rect
	for name, a := range d.boxes {
		if a.X < 0 || a.Y < 0 || a.X+a.W > d.Width || a.Y+a.H > d.Height {
			t.Errorf("%s is outside of the picture: %+v", name, a)
		}
		for _, b := range seen {
			if a.X < b.X+b.W && b.X < a.X+a.W && a.Y < b.Y+b.H && b.Y < a.Y+a.H {
				t.Errorf("%s overlaps: %+v, %+v", name, a, b)
			}
		}
		seen = append(seen, a)
	}
	for name, ends := range d.paths {
		from, to, _ := strings.Cut(name, " -> ")
		if !d.boxes[from].touches(ends[0][0], ends[0][1]) || !d.boxes[to].touches(ends[1][0], ends[1][1]) {
			t.Errorf("%s goes from %v to %v, not from %+v to %+v", name, ends[0], ends[1], d.boxes[from], d.boxes[to])
		}
	}
}

func TestSVG(t *testing.T) {
	d := draws(t, strings.Replace(document, `"label":"the second",`, "", 1))
	d.sound(t, 4, 4)
	for link, class := range map[string]string{"a -> b": "link", "b -> c": "link if", "b -> d": "link error", "c -> b": "link if"} {
		if d.links[link] != class {
			t.Errorf("%s is drawn as %q, want %q", link, d.links[link], class)
		}
	}
	for name, want := range map[string]string{
		"a": "a|method m.f|start", "d": "d|ppfport|end", "a -> b": "return_value as x|y",
		"b -> c": "ok = true|all values", "b -> d": "on error|all values", "c -> b": `out = "again"`,
	} {
		if got := strings.Join(d.texts[name], "|"); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if d.Title != `All "kinds" <of> links` {
		t.Errorf("title %q", d.Title)
	}
}

func TestSVGIdBesideLabel(t *testing.T) {
	d := draws(t, document)
	if got := strings.Join(d.texts["the second"], "|"); got != "the second|b|class pkg.Task" {
		t.Errorf("texts %q", got)
	}
}

func TestSVGNoNodes(t *testing.T) {
	d := draws(t, `{"graph":{"id":"nothing"},"nodes":[],"links":[]}`)
	d.sound(t, 0, 0)
}

// Labels are data: no text of a workflow becomes markup, and none breaks the file.
func TestSVGHostileText(t *testing.T) {
	hostile := "</text><script>alert(1)</script> & \" ' ]]> \x01 \u202e \ufffe"
	graph := func(text string) string {
		quoted, _ := json.Marshal(text)
		q := string(quoted)
		return `{"graph":{"id":"g","label":` + q + `},"nodes":[{"id":` + q + `,"task_type":"script","task_identifier":` + q + `},
			{"id":"b","label":` + q + `,"task_type":"script","task_identifier":"x"}],
			"links":[{"source":` + q + `,"target":"b","conditions":[{"source_output":` + q + `,"value":` + q + `}],
			"data_mapping":[{"source_output":` + q + `,"target_input":"<i>"}]}]}`
	}
	d := draws(t, graph(hostile))
	if len(d.Groups) != 3 {
		t.Errorf("%d groups, want two nodes and a link", len(d.Groups))
	}
	if want := strings.NewReplacer("\x01", "\ufffd", "\ufffe", "\ufffd").Replace(hostile); d.Title != want {
		t.Errorf("title %q, want %q", d.Title, want)
	}
}

// Random graphs with cycles, links from nodes to themselves and long captions.
func TestSVGRandom(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	for range 60 {
		graph, nodes, links := randomGraph(r)
		d := draws(t, graph)
		d.sound(t, nodes, links)
		if t.Failed() {
			t.Fatal(graph)
		}
	}
}

func randomGraph(r *rand.Rand) (graph string, nodes, links int) {
	n := 1 + r.IntN(25)
	var ns, ls []string
	for i := range n {
		ns = append(ns, fmt.Sprintf(`{"id":"n%d","task_type":"method","task_identifier":"m.%s"}`, i, strings.Repeat("f", 1+r.IntN(60))))
	}
	seen := map[[2]int]bool{}
	for range r.IntN(3 * n) {
		a, b := r.IntN(n), r.IntN(n)
		if seen[[2]int{a, b}] {
			continue
		}
		seen[[2]int{a, b}] = true
		more := []string{`"map_all_data":true`, `"on_error":true`, `"conditions":[{"source_output":"` + strings.Repeat("w", r.IntN(40)+1) + `","value":1}]`}[r.IntN(3)]
		ls = append(ls, fmt.Sprintf(`{"source":"n%d","target":"n%d",%s}`, a, b, more))
	}
	return fmt.Sprintf(`{"graph":{"id":"r"},"nodes":[%s],"links":[%s]}`, strings.Join(ns, ","), strings.Join(ls, ",")), n, len(ls)
}

// A chain and a fan, also with a link back over all of it.
func TestSVGLarge(t *testing.T) {
	const n = 1000
	for name, target := range map[string]func(i int) (int, int){
		"chain": func(i int) (int, int) { return i, (i + 1) % n },
		"fan":   func(i int) (int, int) { return 0, i },
		"tree":  func(i int) (int, int) { return i / 2, i },
	} {
		start := time.Now()
		d := draws(t, graphOf(n, target))
		d.sound(t, n, n)
		t.Logf("%s: %v", name, time.Since(start))
	}
}

func graphOf(n int, link func(int) (int, int)) string {
	var ns, ls []string
	for i := range n {
		a, b := link(i)
		ns = append(ns, fmt.Sprintf(`{"id":"n%d","task_type":"method","task_identifier":"m.f"}`, i))
		ls = append(ls, fmt.Sprintf(`{"source":"n%d","target":"n%d"}`, a, b))
	}
	return fmt.Sprintf(`{"graph":{"id":"large"},"nodes":[%s],"links":[%s]}`, strings.Join(ns, ","), strings.Join(ls, ","))
}

func TestSVGTooLarge(t *testing.T) {
	wf, err := workflow.Parse([]byte(graphOf(70_000, func(i int) (int, int) { return i, i })), workflow.LoadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	_, err = draw.Draw(wf, "svg")
	var large draw.TooLargeError
	if !errors.As(err, &large) || !strings.Contains(large.Hint(), "--format dot") {
		t.Errorf("error %v", err)
	}
}
