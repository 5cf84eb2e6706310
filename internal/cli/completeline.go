package cli

import (
	"cmp"
	"context"
	"os"
	"slices"
	"strings"

	"github.com/urfave/cli/v3"

	"github.com/ewoks-hpc/ewoks-hpc/workflow/draw"
)

// candidate is a word that a command line could go on with.
type candidate struct{ word, about string }

// commandLine is what was typed, as far as the words before the current one are clear.
type commandLine struct {
	command *cli.Command
	// args are the arguments of the command, flag is the one whose value the current
	// word is; nil is none.
	args    []string
	flag    cli.Flag
	values  map[string]string // of flags, by their first name
	current string
	plain   bool // after --
}

// readLine takes words apart; the last is the current one.
func readLine(root *cli.Command, words []string) commandLine {
	l := commandLine{command: root, values: map[string]string{}, current: words[len(words)-1]}
	for _, w := range words[:len(words)-1] {
		switch {
		case l.flag != nil:
			l.values[l.flag.Names()[0]], l.flag = w, nil
		case w == "--" && !l.plain:
			l.plain = true
		case strings.HasPrefix(w, "-") && !l.plain:
			l.take(w)
		default:
			if sub := l.command.Command(w); sub != nil && len(l.args) == 0 {
				l.command = sub
			} else {
				l.args = append(l.args, w)
			}
		}
	}
	return l
}

// take reads a flag.
func (l *commandLine) take(word string) {
	_, name, value := cutFlag(word)
	f := l.find(name)
	switch {
	case f == nil:
	case strings.Contains(word, "="):
		l.values[f.Names()[0]] = value
	case takesValue(f):
		l.flag = f
	}
}

func (l *commandLine) find(name string) cli.Flag {
	i := slices.IndexFunc(l.command.Flags, func(f cli.Flag) bool { return slices.Contains(f.Names(), name) })
	if i < 0 {
		return nil
	}
	return l.command.Flags[i]
}

// cutFlag takes --name=value apart. prefix is all before the value.
func cutFlag(word string) (prefix, name, value string) {
	name, value, ok := strings.Cut(word, "=")
	if ok && strings.HasPrefix(word, "-") {
		prefix = name + "="
	}
	return prefix, strings.TrimLeft(name, "-"), value
}

func takesValue(f cli.Flag) bool {
	doc, ok := f.(cli.DocGenerationFlag)
	return ok && doc.TakesValue()
}

// The kinds of what can follow.
const (
	kindWords     = "words"
	kindFiles     = "files"
	kindFolders   = "folders"
	kindWorkflows = "files json yaml yml"
)

// candidates are what the current word could become, sorted as they are best read.
func (l *commandLine) candidates(ctx context.Context) (kind string, found []candidate) {
	prefix, name, _ := cutFlag(l.current)
	switch {
	case l.flag != nil:
		prefix = ""
		kind, found = l.valuesOf(ctx, l.flag)
	case prefix != "" && !l.plain && l.find(name) != nil:
		kind, found = l.valuesOf(ctx, l.find(name))
	case strings.HasPrefix(l.current, "-") && !l.plain:
		kind, found = kindWords, l.flags()
	case l.commands() != nil && len(l.args) == 0:
		kind, found = kindWords, l.commands()
	default:
		kind, found = l.arguments(ctx)
	}
	for i := range found {
		found[i].word = prefix + found[i].word
	}
	return kind, slices.DeleteFunc(found, func(c candidate) bool { return !strings.HasPrefix(c.word, l.current) })
}

// commands are those of the program, or of a command that has some. All have one that
// prints help.
func (l *commandLine) commands() (found []candidate) {
	for _, c := range l.command.VisibleCommands() {
		if c.Name == "help" {
			continue
		}
		found = append(found, candidate{c.Name, c.Usage})
	}
	return found
}

func (l *commandLine) flags() (found []candidate) {
	for _, f := range l.command.VisibleFlags() {
		doc, ok := f.(cli.DocGenerationFlag)
		if !ok {
			continue
		}
		_, about := unquoteUsage(doc.GetUsage())
		for _, n := range f.Names() {
			if len(n) > 1 {
				found = append(found, candidate{"--" + n, about})
			}
		}
	}
	return found
}

// choices are the values of flags that have only a few.
var choices = map[string][]string{
	"output": {"text", "json"}, "scheduler": {"sequential", "multithreading", "multiprocessing", "cluster", "slurm"},
	"context": {"fork", "spawn"}, "env": {"all", "none"}, "outputs": {"end", "all", "none"},
	"durability": {"normal", "strict"}, "format": draw.Formats,
}

// valuesOf are the values of a flag. What its placeholder says is enough for files.
func (l *commandLine) valuesOf(ctx context.Context, f cli.Flag) (kind string, found []candidate) {
	name := f.Names()[0]
	for _, v := range choices[name] {
		found = append(found, candidate{v, ""})
	}
	switch name {
	case "cluster":
		return kindWords, l.names(ctx, "CLUSTER")
	case "scheduler":
		return kindWords, append(found, l.names(ctx, "CLUSTER")...)
	case "pool":
		return kindWords, l.names(ctx, "POOL")
	}
	if found != nil {
		return kindWords, found
	}
	placeholder, _ := unquoteUsage(f.(cli.DocGenerationFlag).GetUsage())
	switch placeholder {
	case "FILE":
		return kindFiles, nil
	case "DIRECTORY":
		return kindFolders, nil
	}
	return kindWords, nil
}

// arguments are what the usage of the command asks for at the present place.
func (l *commandLine) arguments(ctx context.Context) (kind string, found []candidate) {
	kind = kindWords
	for _, what := range wantedAt(l.command.ArgsUsage, len(l.args)) {
		switch what {
		case "WORKFLOW":
			kind = kindWorkflows
		case "FILE", "TABLE", "DESTINATION":
			kind = kindFiles
		case "SHELL":
			for _, s := range shells {
				found = append(found, candidate{s[0], ""})
			}
		case "NAME": // which only campaigns have
			found = append(found, l.names(ctx, "CAMPAIGN")...)
		default:
			found = append(found, l.names(ctx, what)...)
		}
	}
	return kind, found
}

// wantedAll is what may stand at each place of arguments like "[JOB | RUN [NODE]]".
func wantedAll(usage string) (places [][]string) {
	words := strings.Fields(strings.NewReplacer("[", "", "]", "").Replace(usage))
	for i := 0; i < len(words); i++ {
		if words[i] == "|" && len(places) > 0 && i+1 < len(words) {
			i++
			places[len(places)-1] = append(places[len(places)-1], words[i])
			continue
		}
		places = append(places, []string{words[i]})
	}
	return places
}

func wantedAt(usage string, place int) []string {
	places := wantedAll(usage)
	if place >= len(places) && len(places) > 0 && strings.HasSuffix(places[len(places)-1][0], "...") {
		place = len(places) - 1
	}
	if place >= len(places) {
		return nil
	}
	var names []string
	for _, w := range places[place] {
		names = append(names, strings.TrimSuffix(w, "..."))
	}
	return names
}

// value is that of a flag, or of the variable that stands for it.
func (l *commandLine) value(flag, variable string) string {
	return cmp.Or(l.values[flag], os.Getenv(variable))
}
