package jobscript

import (
	"regexp"
	"slices"
	"strings"
)

// directive is one generated option of sbatch.
type directive struct {
	name  string // long name without dashes
	value string // "" for an option without a value
}

var plainDirective = regexp.MustCompile(`^[A-Za-z0-9_.,:;/%@=+&|*()\[\]!<>-]*$`)

// String is the text after "#SBATCH ".
func (d directive) String() string {
	switch {
	case d.value == "":
		return "--" + d.name
	case plainDirective.MatchString(d.value):
		return "--" + d.name + "=" + d.value
	}
	return "--" + d.name + `="` + d.value + `"` // checkFolder keeps quotes out
}

// The short names of the options that are generated or looked at here.
var longNames = map[string]string{
	"A": "account", "a": "array", "c": "cpus-per-task", "C": "constraint", "D": "chdir", "e": "error", "G": "gpus",
	"h": "help", "J": "job-name", "M": "clusters", "N": "nodes", "n": "ntasks", "o": "output", "p": "partition",
	"q": "qos", "t": "time", "u": "usage", "V": "version", "W": "wait", "x": "exclude",
}

// option is one option of an extra directive or of a skip item.
type option struct {
	name     string // long name where it is known, else the short one
	value    string
	hasValue bool
}

// parseOptions reads the options of a directive line: "--time=10", "--time 10",
// "-t 10" and "-t10" are all time with the value 10.
func parseOptions(line string) []option {
	words, err := sbatchWords(line)
	if err != nil {
		return nil
	}
	var options []option
	for _, word := range words {
		if len(word) > 1 && word[0] == '-' {
			options = append(options, parseOption(word))
		} else if last := len(options) - 1; last >= 0 && !options[last].hasValue {
			options[last].value, options[last].hasValue = word, true
		}
	}
	return options
}

func parseOption(word string) option {
	if name, ok := strings.CutPrefix(word, "--"); ok {
		name, value, hasValue := strings.Cut(name, "=")
		return option{name: name, value: value, hasValue: hasValue}
	}
	name := word[1:2]
	if long, ok := longNames[name]; ok {
		name = long
	}
	return option{name: name, value: word[2:], hasValue: len(word) > 2}
}

// sbatchWords splits a directive line as sbatch does (seen by running 22.05):
// blanks separate, both quotes group, a backslash takes the next byte as it is,
// within quotes of both kinds too, and an open '#' begins a comment. A backslash
// does not keep an open blank from ending the word.
func sbatchWords(line string) ([]string, error) {
	var words []string
	var word []byte
	var quote byte
	open := false // a word has begun, perhaps an empty one
	for i := 0; i < len(line); i++ {
		c := line[i]
		switch {
		case c == '\\':
			if i++; i == len(line) || quote == 0 && (line[i] == ' ' || line[i] == '\t') {
				return nil, refuse("%q has a backslash before a blank or at its end", clip(line)).withHint("put the value in quotes")
			}
			word, open = append(word, line[i]), true
		case quote != 0 && c == quote:
			quote = 0
		case quote != 0:
			word = append(word, c)
		case c == '"' || c == '\'':
			quote, open = c, true
		case c == '#':
			return nil, refuse("%q holds an open '#', after which sbatch reads nothing", clip(line)).withHint("put the value in quotes")
		case c == ' ' || c == '\t':
			if open {
				words, word, open = append(words, string(word)), nil, false
			}
		default:
			word, open = append(word, c), true
		}
	}
	if quote != 0 {
		return nil, refuse("%q has an open quote", clip(line))
	}
	if open {
		words = append(words, string(word))
	}
	return words, nil
}

// Options that would change what the job is: their owner is the launcher.
var foreignOptions = []string{"array", "clusters", "help", "test-only", "usage", "version", "wait", "wrap"}

func checkExtraDirective(item string) error {
	if err := checkLine(item); err != nil {
		return err
	}
	words, err := sbatchWords(item)
	switch {
	case err != nil:
		return err
	case !strings.HasPrefix(item, "-"), len(words) == 0, strings.Trim(words[0], "-") == "":
		return refuse("%q does not begin with an option", clip(item)).withHint("write for example --gres=gpu:1, without #SBATCH")
	}
	for _, option := range parseOptions(item) {
		if slices.Contains(foreignOptions, option.name) {
			return refuse("%q: --%s is not an option of one worker job", clip(item), option.name).withHint("how many jobs run, and where they are submitted, is decided by the launcher")
		}
	}
	return nil
}

// Options that sbatch refuses beside each other, or that undo each other.
var rivals = [][]string{
	{"mem", "mem-per-cpu", "mem-per-gpu"},
	{"requeue", "no-requeue"},
	{"gpus", "gpus-per-node"},
}

func replaces(name, generated string) bool {
	if name == generated {
		return true
	}
	return slices.ContainsFunc(rivals, func(group []string) bool {
		return slices.Contains(group, name) && slices.Contains(group, generated)
	})
}

// withoutReplaced drops the generated directives that extra ones replace.
func withoutReplaced(generated []directive, extras []string) []directive {
	for _, item := range extras {
		for _, option := range parseOptions(item) {
			generated = slices.DeleteFunc(generated, func(d directive) bool { return replaces(option.name, d.name) })
		}
	}
	return generated
}

// generatedNames are the options that job_directives_skip can take away.
var generatedNames = []string{
	"account", "chdir", "constraint", "cpus-per-task", "exclusive", "gpus", "gpus-per-node", "gres", "job-name", "mem", "mem-per-cpu",
	"no-requeue", "nodes", "ntasks", "ntasks-per-node", "open-mode", "output", "partition", "qos", "reservation", "signal", "time",
}

// parseSkip reads "--mem", "mem", "-t", "--ntasks=1", "-n 1" and the same after
// "#SBATCH". With a value, only a directive with that value is skipped.
func parseSkip(item string) (option, error) {
	line := strings.TrimSpace(strings.TrimPrefix(item, "#SBATCH"))
	if !strings.HasPrefix(line, "-") && len(line) > 1 {
		line = "--" + line
	} else if len(line) == 1 {
		line = "-" + line
	}
	options := parseOptions(line)
	if len(options) != 1 || !slices.Contains(generatedNames, options[0].name) {
		return option{}, refuse("%q names no directive that is generated", clip(item)).withHint("names are " + strings.Join(generatedNames, ", "))
	}
	return options[0], nil
}

func checkSkip(item string) error {
	if err := checkLine(item); err != nil {
		return err
	}
	_, err := parseSkip(item)
	return err
}

// withoutSkipped drops directives by their exact option, never by substring.
func withoutSkipped(generated []directive, items []string) []directive {
	for _, item := range items {
		skip, err := parseSkip(item)
		if err != nil {
			continue // Validate has refused it
		}
		generated = slices.DeleteFunc(generated, func(d directive) bool {
			return d.name == skip.name && (!skip.hasValue || d.value == skip.value)
		})
	}
	return generated
}
