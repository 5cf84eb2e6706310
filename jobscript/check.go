package jobscript

import (
	"path"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	maxCount = 1_000_000
	maxText  = 4096 // bytes of one value; sbatch reads directives of up to 8 KiB
	maxWord  = 64
	maxName  = 255
)

var (
	wordPattern       = regexp.MustCompile(`^[A-Za-z0-9_.-]+$`)
	namesPattern      = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.,+@-]*$`)
	gresPattern       = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.,:/()-]*$`)
	constraintPattern = regexp.MustCompile(`^[A-Za-z0-9_(\[!][A-Za-z0-9_.,:&|*()\[\]!-]*$`)
	interfacePattern  = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.:@-]*$`)
	modulePattern     = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.+/@=~-]{0,254}$`)
	condaPattern      = regexp.MustCompile(`^[A-Za-z0-9_/][A-Za-z0-9_.+/@ -]{0,254}$`)
	slurmMemory       = regexp.MustCompile(`^[0-9]{1,15}([KMGTkmgt][Bb]?)?$`)
	localPattern      = regexp.MustCompile(`^(?:[^$]|\$[A-Za-z_][A-Za-z0-9_]*|\$\{[A-Za-z_][A-Za-z0-9_]*\})+$`)
)

// Lengths are bounded here: in a pattern they would cost every command a
// millisecond at its start.
func matches(pattern *regexp.Regexp, what string) func(string) error {
	return func(text string) error {
		if len(text) > maxName || !pattern.MatchString(text) {
			return refuse("%q is not %s", clip(text), what)
		}
		return nil
	}
}

// clip keeps an error message readable.
func clip(text string) string {
	if len(text) > 80 {
		return strings.ToValidUTF8(text[:80], "") + "..."
	}
	return text
}

// checkJobName holds names to what every tool that lists jobs can parse.
func checkJobName(text string) error {
	if len(text) > maxWord || !wordPattern.MatchString(text) || text[0] == '-' {
		return refuse("%q is not a job name", clip(text)).withHint("use 1 to 64 letters, digits, '_', '.' or '-', not beginning with '-'")
	}
	return nil
}

// checkLine accepts any text that stays within its line.
func checkLine(text string) error {
	switch {
	case len(text) > maxText:
		return refuse("a value has %d bytes, more than %d", len(text), maxText)
	case !utf8.ValidString(text):
		return refuse("%q is not UTF-8", clip(text))
	}
	for _, r := range text {
		if unicode.IsControl(r) && r != '\t' {
			return refuse("%q holds the control character %q", clip(text), r)
		}
	}
	return nil
}

// checkShellLine accepts a line of shell; sbatch must not take it for one of
// its own directives.
func checkShellLine(text string) error {
	if strings.HasPrefix(text, "#SBATCH") {
		return refuse("%q is a directive, not a shell line", clip(text)).withHint("give it to job_extra_directives")
	}
	return checkLine(text)
}

// checkArgument accepts one argument of the worker.
func checkArgument(text string) error {
	option, _, _ := strings.Cut(text, "=")
	if strings.HasPrefix(option, "-") && strings.ContainsAny(option, " \t") {
		return refuse("%q is two arguments in one", clip(text)).withHint(`write two items: "--resources", "GPU=1"`)
	}
	return checkLine(text)
}

// checkProgram accepts a path or the name of a program.
func checkProgram(text string) error {
	if text == "" || strings.HasPrefix(text, "-") {
		return refuse("%q is not a program", clip(text))
	}
	return checkLine(text)
}

// checkFolder accepts an absolute path that means itself in an #SBATCH line:
// sbatch expands % and treats quotes and backslashes there.
func checkFolder(text string) error {
	if err := checkLine(text); err != nil {
		return err
	}
	switch {
	case !path.IsAbs(text):
		return refuse("%q is not an absolute path", clip(text))
	case strings.ContainsAny(text, "%\\\"'\t"):
		return refuse("%q holds a character that sbatch would interpret: one of %% \\ \" ' or a tab", clip(text))
	}
	return nil
}

// checkLocal accepts a path with plain variables, which the shell on the node
// expands within double quotes; nothing in it can run a command.
func checkLocal(text string) error {
	if err := checkLine(text); err != nil {
		return err
	}
	switch {
	case !strings.HasPrefix(text, "/") && !strings.HasPrefix(text, "$"):
		return refuse("%q is not an absolute path", clip(text)).withHint("begin it with '/' or with a variable of the node, such as $TMPDIR")
	case strings.ContainsAny(text, "`\"\\"), !localPattern.MatchString(text):
		return refuse("%q holds more than plain text and variables", clip(text)).withHint("variables are written $NAME or ${NAME}; no command is run here, use job_script_prologue for that")
	}
	return nil
}

// checkShebang wants bash, because the script traps errors and signals.
func checkShebang(text string) error {
	if err := checkLine(text); err != nil {
		return err
	}
	words := strings.Fields(strings.TrimPrefix(text, "#!"))
	if !strings.HasPrefix(text, "#!") || len(words) == 0 || !path.IsAbs(words[0]) {
		return refuse("%q is not a shebang", clip(text)).withHint("write for example " + DefaultShebang)
	}
	for _, word := range words {
		if path.Base(word) == "bash" {
			return nil
		}
	}
	return refuse("%q does not start bash", clip(text)).withHint("the script needs bash: write for example " + DefaultShebang)
}

func checkMemory(text string) error {
	_, err := ParseMemory(text)
	return err
}

// lines splits items that hold several lines and drops empty items.
func lines(items []string) []string {
	var out []string
	for _, item := range items {
		item = strings.Trim(strings.ReplaceAll(item, "\r\n", "\n"), "\n")
		if item != "" {
			out = append(out, strings.Split(item, "\n")...)
		}
	}
	return out
}
