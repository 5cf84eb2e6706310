package docs

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	inText  = regexp.MustCompile("`(ewoks-hpc [a-z][^`]*)`")
	inBlock = regexp.MustCompile(`(?m)^ *(?:\$ )?(ewoks-hpc [a-z].*)$`)
	aFlag   = regexp.MustCompile(`(?:^| )(--[a-z][a-z-]*)`)
	quoted  = regexp.MustCompile(`'[^']*'`)
)

// TestMentions: commands and options that pages only mention exist.
func TestMentions(t *testing.T) {
	helps := map[string]string{}
	mentions := 0
	for _, name := range names(t) {
		text, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range append(inText.FindAllStringSubmatch(string(text), -1), inBlock.FindAllStringSubmatch(string(text), -1)...) {
			mentions++
			line, _, _ := strings.Cut(quoted.ReplaceAllString(found[1], "TEXT"), " # ")
			line, _, _ = strings.Cut(line, " | ")
			words := commandOf(line)
			key := strings.Join(words, " ")
			if _, known := helps[key]; !known {
				out, err := exec.Command(program, append(words, "--help")...).CombinedOutput()
				if err != nil {
					t.Errorf("%s: there is no command %q: %s", name, key, out)
				}
				helps[key] = string(out)
			}
			for _, flag := range aFlag.FindAllStringSubmatch(line, -1) {
				if !regexp.MustCompile(regexp.QuoteMeta(flag[1]) + `[ ,\n]`).MatchString(helps[key]) {
					t.Errorf("%s: %s: there is no %s", name, found[1], flag[1])
				}
			}
		}
	}
	if mentions < 100 {
		t.Errorf("only %d mentions", mentions)
	}
}

// commandOf returns the words that choose a command.
func commandOf(line string) []string {
	words := strings.Fields(line)[1:]
	if len(words) > 1 && (words[0] == "campaign" || words[0] == "config") && !strings.HasPrefix(words[1], "-") {
		return words[:2]
	}
	return words[:1]
}
