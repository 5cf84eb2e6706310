package cli

import (
	"cmp"
	"strings"

	"github.com/urfave/cli/v3"
)

// flagText is a line of a help text: the names of a flag with a placeholder for
// its value, a tab, and what it does. The placeholder is what the usage has in
// backquotes.
func flagText(f cli.Flag) string {
	doc, ok := f.(cli.DocGenerationFlag)
	if !ok {
		return strings.Join(f.Names(), ", ")
	}
	placeholder, usage := unquoteUsage(doc.GetUsage())
	var names []string
	for _, n := range f.Names() {
		if len(n) == 1 {
			names = append(names, "-"+n)
		} else {
			names = append(names, "--"+n)
		}
	}
	text := strings.Join(names, ", ")
	if doc.TakesValue() {
		text += " " + cmp.Or(placeholder, "VALUE")
	}
	switch value := doc.GetValue(); value {
	case "", "0", "0s", "[]", "false", "true":
	default:
		if !strings.Contains(usage, "default") {
			usage += "; default: " + value
		}
	}
	return text + "\t" + usage
}

func unquoteUsage(usage string) (placeholder, text string) {
	before, rest, ok := strings.Cut(usage, "`")
	if !ok {
		return "", usage
	}
	placeholder, after, _ := strings.Cut(rest, "`")
	if before == "" && strings.HasPrefix(after, ": ") {
		return placeholder, after[2:] // the placeholder is not part of the sentence
	}
	return placeholder, before + placeholder + after
}

// rootTemplate is the help text of the program: commands in groups, in the order in
// which people need them. The package that prints it sorts groups by their names.
func rootTemplate(groups []group) string {
	var b strings.Builder
	b.WriteString("NAME:\n   {{.Name}} - {{.Usage}}\n\nUSAGE:\n   {{.Name}} COMMAND [options] [arguments]\n")
	for _, g := range groups {
		b.WriteString("\n" + strings.ToUpper(g.name) + ":\n")
		for _, c := range g.commands {
			if !c.Hidden {
				b.WriteString("   " + c.Name + "\t" + c.Usage + "\n")
			}
		}
	}
	return b.String() + "\nEXAMPLES:\n{{.Description}}\n\nOPTIONS:{{range .VisibleFlags}}\n   {{.}}{{end}}\n"
}
