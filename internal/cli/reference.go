package cli

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/urfave/cli/v3"
)

//go:generate sh -c "go run ../../cmd/ewoks-hpc reference > ../../docs/reference.md"

// newReference is for docs/reference.md.
func newReference(s Streams) *cli.Command {
	return &cli.Command{
		Name: "reference", Hidden: true, Usage: "print all commands as Markdown",
		Action: func(_ context.Context, cmd *cli.Command) error {
			if err := noArguments(cmd); err != nil {
				return err
			}
			return printReference(s.Out, cmd.Root())
		},
	}
}

func printReference(w io.Writer, root *cli.Command) error {
	var b strings.Builder
	fmt.Fprint(&b, "# Commands\n\nMade from the help texts by `go generate ./internal/cli`; `ewoks-hpc COMMAND --help` and `ewoks-hpc man` print the same.\n")
	group := ""
	for _, p := range pages(root) {
		if p.group != group {
			group = p.group
			fmt.Fprintf(&b, "\n## %s\n", group)
		}
		markdownPage(&b, p)
	}
	markdownTable(&b, "Exit codes", "code", exitCodes())
	markdownTable(&b, "Environment", "variable", variables())
	_, err := io.WriteString(w, b.String())
	return err
}

func markdownPage(b *strings.Builder, p page) {
	fmt.Fprintf(b, "\n### %s\n\n%s\n\n```\n%s\n```\n", p.name, markdown(sentence(p.usage)), p.synopsis)
	for _, block := range p.text {
		if block.verbatim {
			fmt.Fprintf(b, "\n```\n%s\n```\n", strings.Join(block.lines, "\n"))
		} else {
			fmt.Fprintf(b, "\n%s\n", markdown(strings.Join(block.lines, "\n")))
		}
	}
	if len(p.flags) == 0 {
		return
	}
	fmt.Fprint(b, "\n| option | |\n|---|---|\n")
	for _, f := range p.flags {
		fmt.Fprintf(b, "| `%s` | %s |\n", strings.ReplaceAll(f.flag, "|", `\|`), markdown(f.text))
	}
}

func markdownTable(b *strings.Builder, title, head string, rows [][2]string) {
	fmt.Fprintf(b, "\n## %s\n\n| %s | |\n|---|---|\n", title, head)
	for _, r := range rows {
		fmt.Fprintf(b, "| `%s` | %s |\n", r[0], markdown(r[1]))
	}
}

// markdown is text in which nothing means anything.
func markdown(text string) string {
	return strings.NewReplacer("|", `\|`, "*", `\*`, "_", `\_`, "<", `\<`, "[", `\[`, "]", `\]`, "`", "\\`").Replace(text)
}
