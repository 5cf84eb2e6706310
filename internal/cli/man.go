package cli

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/urfave/cli/v3"
)

func newMan(s Streams) *cli.Command {
	return &cli.Command{
		Name:  "man",
		Usage: "print the manual page",
		Description: `All that the help texts of all commands say, as a page for man:

   ewoks-hpc man | man -l -
   ewoks-hpc man > ~/.local/share/man/man1/ewoks-hpc.1` + exitHelp,
		Action: func(_ context.Context, cmd *cli.Command) error {
			if err := noArguments(cmd); err != nil {
				return err
			}
			return printMan(s.Out, cmd.Root())
		},
	}
}

// printMan writes the page in the macros of man(7).
func printMan(w io.Writer, root *cli.Command) error {
	m := roff{}
	m.macro("TH", "EWOKS-HPC", "1", "", "ewoks-hpc "+root.Version, "User Commands")
	m.macro("SH", "NAME")
	m.text(root.Name + " - " + root.Usage)
	m.macro("SH", "SYNOPSIS")
	m.macro("B", root.Name)
	m.text("COMMAND [options] [arguments]")
	m.macro("SH", "EXAMPLES")
	for _, b := range blocks(strings.TrimSuffix(root.Description, exitHelp)) {
		m.block(b)
	}
	group := ""
	for _, p := range pages(root) {
		if p.group != group {
			group = p.group
			m.macro("SH", strings.ToUpper(group))
		}
		m.page(p)
	}
	m.list("EXIT STATUS", exitCodes())
	m.list("ENVIRONMENT", variables())
	_, err := io.WriteString(w, m.String())
	return err
}

// roff is text for man. Whatever is in it is text, not a request.
type roff struct{ strings.Builder }

func escaped(text string) string {
	return strings.NewReplacer(`\`, `\e`, "-", `\-`, "'", `\(aq`, "`", `\(ga`, "^", `\(ha`, "~", `\(ti`).Replace(text)
}

func (m *roff) text(line string) {
	line = escaped(line)
	if strings.HasPrefix(line, ".") {
		line = `\&` + line
	}
	fmt.Fprintln(m, line)
}

func (m *roff) macro(name string, args ...string) {
	fmt.Fprint(m, ".", name)
	for _, a := range args {
		fmt.Fprintf(m, ` "%s"`, strings.ReplaceAll(escaped(a), `"`, `\(dq`))
	}
	fmt.Fprintln(m)
}

func (m *roff) block(b block) {
	m.macro("PP")
	if b.verbatim {
		m.macro("RS", "4")
		m.macro("nf")
	}
	for _, line := range b.lines {
		m.text(line)
	}
	if b.verbatim {
		m.macro("fi")
		m.macro("RE")
	}
}

func (m *roff) page(p page) {
	m.macro("SS", p.synopsis)
	m.text(sentence(p.usage))
	for _, b := range p.text {
		m.block(b)
	}
	for _, f := range p.flags {
		m.macro("TP")
		m.macro("B", f.flag)
		m.text(f.text)
	}
}

func (m *roff) list(title string, rows [][2]string) {
	m.macro("SH", title)
	for _, r := range rows {
		m.macro("TP")
		m.macro("B", r[0])
		m.text(r[1])
	}
}

// sentence makes a sentence of the words that describe a command.
func sentence(words string) string { return strings.ToUpper(words[:1]) + words[1:] + "." }
