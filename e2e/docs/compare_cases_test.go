package docs

import (
	"strings"
	"testing"
)

func TestCompare(t *testing.T) {
	for _, c := range []struct {
		name, want, got string
		fits            bool
	}{
		{"the same", "a\nb", "a\nb", true},
		{"nothing", "", "", true},
		{"nothing is wanted", "", "a", false},
		{"nothing is printed", "a", "", false},
		{"one line more", "a", "a\nb", false},
		{"one line less", "a\nb", "a", false},
		{"another line", "a\nb\nc", "a\nx\nc", false},
		{"any text", "a ... c", "a b b c", true},
		{"any text is no more", "a ... c", "a b b d", false},
		{"any lines", "a\n...\nc", "a\nb\nb\nc", true},
		{"any lines may be none", "a\n...\nc", "a\nc", true},
		{"any lines at the end", "a\n...", "a\nb", true},
		{"any lines alone", "...", "", true},
		{"any lines are not all", "a\n...\nd", "a\nb\nc", false},
		{"any lines twice", "...\nb\n...", "a\nb\nc\nb\nd", true},
		{"times", "3 tasks done in 1.2s", "3 tasks done in 85ms", true},
		{"numbers are no times", "3 tasks done in 1s", "4 tasks done in 1s", false},
		{"widths", "a    b", "a b", true},
		{"runs", "run 01M846C6HSBC4F3JZ1XP2MRG92 ends", "run 01M846C6HSBC4F3JZ1XP2MRG93 ends", true},
		{"progress", "a\nb", "a\n1 of 4 tasks done after 8s\nb", true},
		{"patterns are plain text", "a.c (1)", "abc (1)", false},
	} {
		if err := compare(printed(c.want), printed(c.got)); (err == nil) != c.fits {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

func TestParse(t *testing.T) {
	p := &page{name: "x.md"}
	text := strings.ReplaceAll(`<!-- test: slurm -->
<!-- test: run touch x -->
~~~python title="t.py"
x = 1
~~~
~~~console
$ a \
  b
out
$ c
ewoks-hpc: no
~~~
~~~text
$ not run
~~~
`, "~~~", "```")
	if err := p.parse(text); err != nil {
		t.Fatal(err)
	}
	if p.slurm == nil || len(p.steps) != 4 {
		t.Fatalf("%+v", p)
	}
	hidden, file, a, c := p.steps[0], p.steps[1], p.steps[2], p.steps[3]
	if !hidden.hidden || hidden.text != "touch x" || file.file != "t.py" || file.text != "x = 1\n" {
		t.Errorf("%+v %+v", hidden, file)
	}
	if a.text != "a \\\n  b" || a.line != 7 || len(a.outputs) != 1 || a.fails || !c.fails {
		t.Errorf("%+v %+v", a, c)
	}
	for _, wrong := range []string{"```console\nout\n```\n", "```console\n$ a\n", "<!-- test: nonsense -->\n"} {
		if err := (&page{name: "x.md"}).parse(wrong); err == nil {
			t.Errorf("taken without complaint: %s", wrong)
		}
	}
}
