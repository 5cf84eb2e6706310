package docs

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/ewoks-hpc/ewoks-hpc/slurm/slurmtest"
)

// page is what the test has to do, in the order of the page.
type page struct {
	name  string // from the root of the repository
	slurm *slurmtest.Options
	copy  string // folder, from the root of the repository
	steps []step
}

// step is a command, a file to write, or a session of Python.
type step struct {
	line    int    // of the page, from 1
	file    string // its name, for a file or a session of Python
	text    string // a command, or the text of the file
	python  bool
	hidden  bool
	fails   bool
	outputs []string // lines that a command should print
	indent  string   // what stands before each line of the block
}

var (
	fence     = regexp.MustCompile("^( *)```([a-z]*)(.*)$")
	title     = regexp.MustCompile(`title="([^"]+)"`)
	directive = regexp.MustCompile(`^\s*<!-- test: (\w+) ?(.*?) -->$`)
	errorLine = regexp.MustCompile(`^ewoks-hpc: `)
)

// block is a fenced block while it is read.
type block struct {
	begin            int
	indent, language string
	title            string
	lines            []string
}

func readPage(root, name string) (*page, error) {
	text, err := os.ReadFile(filepath.Join(root, name))
	if err != nil {
		return nil, err
	}
	p := &page{name: name}
	if filepath.Base(name) == "README.md" {
		p.copy = filepath.Dir(name)
	}
	return p, p.parse(string(text))
}

func (p *page) parse(text string) error {
	var open *block
	fails := false
	for i, line := range strings.Split(text, "\n") {
		found := fence.FindStringSubmatch(line)
		switch {
		case open == nil && found != nil:
			open = &block{begin: i + 1, indent: found[1], language: found[2]}
			if t := title.FindStringSubmatch(found[3]); t != nil {
				open.title = t[1]
			}
		case open != nil && strings.TrimSpace(line) == "```":
			if err := p.add(open, fails); err != nil {
				return fmt.Errorf("%s:%d: %w", p.name, open.begin, err)
			}
			open, fails = nil, false
		case open != nil:
			open.lines = append(open.lines, strings.TrimPrefix(line, open.indent))
		default:
			if d := directive.FindStringSubmatch(line); d != nil {
				if err := p.obey(d[1], d[2], i+1, &fails); err != nil {
					return fmt.Errorf("%s:%d: %w", p.name, i+1, err)
				}
			}
		}
	}
	if open != nil {
		return fmt.Errorf("%s:%d: the block does not end", p.name, open.begin)
	}
	return nil
}

func (p *page) obey(word, rest string, line int, fails *bool) error {
	switch word {
	case "slurm":
		p.slurm = &slurmtest.Options{}
		if rest != "" {
			p.slurm.Partitions = []string{rest}
		}
	case "copy":
		p.copy = rest
	case "run":
		p.steps = append(p.steps, step{line: line, text: rest, hidden: true})
	case "fails":
		*fails = true
	default:
		return fmt.Errorf("unknown directive %q", word)
	}
	return nil
}

func (p *page) add(b *block, fails bool) error {
	text := strings.Join(b.lines, "\n") + "\n"
	switch {
	case b.language == "console":
		return p.session(b, fails)
	case b.language == "pycon":
		p.steps = append(p.steps, step{line: b.begin, file: fmt.Sprintf("session_%d.txt", b.begin), text: text, python: true})
	case b.title != "":
		p.steps = append(p.steps, step{line: b.begin, file: b.title, text: text})
	}
	return nil
}

// session takes a console block apart.
func (p *page) session(b *block, fails bool) error {
	var current *step
	for i, line := range b.lines {
		command, begins := strings.CutPrefix(line, "$ ")
		switch {
		case begins:
			p.steps = append(p.steps, step{line: b.begin + i + 1, text: command, indent: b.indent, fails: fails})
			current, fails = &p.steps[len(p.steps)-1], false
		case current == nil:
			return fmt.Errorf("a console block begins with %q, not with a command after \"$ \"", line)
		case len(current.outputs) == 0 && (strings.HasSuffix(current.text, `\`) || strings.HasPrefix(line, "> ")):
			current.text += "\n" + strings.TrimPrefix(line, "> ")
		default:
			current.fails = current.fails || errorLine.MatchString(line)
			current.outputs = append(current.outputs, line)
		}
	}
	return nil
}
