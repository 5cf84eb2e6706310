package cli

import (
	"context"
	"embed"
	"fmt"
	"strings"

	"github.com/urfave/cli/v3"
)

//go:embed completions
var completions embed.FS

// shells are those that names are completed in, with their scripts.
var shells = [][2]string{{"bash", "bash.sh"}, {"zsh", "zsh.sh"}, {"fish", "fish.fish"}}

func newCompletion(s Streams) *cli.Command {
	return &cli.Command{
		Name:      "completion",
		Usage:     "print a script that completes commands and names in a shell",
		ArgsUsage: "SHELL",
		Description: `Completes commands, options, their values, files, and the names of clusters, runs, nodes,
jobs, pools and campaigns. SHELL is bash, zsh or fish. For this session, or in the file
that the shell reads when it starts:

   source <(ewoks-hpc completion bash)      # ~/.bashrc
   source <(ewoks-hpc completion zsh)       # ~/.zshrc, after compinit
   ewoks-hpc completion fish | source       # ~/.config/fish/config.fish` + exitHelp,
		Action: func(_ context.Context, cmd *cli.Command) error {
			for _, shell := range shells {
				if cmd.Args().Len() == 1 && cmd.Args().First() == shell[0] {
					script, err := completions.ReadFile("completions/" + shell[1])
					if err == nil {
						_, err = s.Out.Write(script)
					}
					return err
				}
			}
			return usageError{fmt.Errorf("completion needs to know the shell, got %q", strings.Join(cmd.Args().Slice(), " ")), "choose bash, zsh or fish"}
		},
	}
}

// newComplete is not for people: the scripts for shells call it. What it prints is a
// line that says what the rest is, words or files, and the words.
func newComplete(s Streams) *cli.Command {
	return &cli.Command{
		Name:            "complete",
		Hidden:          true,
		Usage:           "print what a command line could go on with",
		ArgsUsage:       "SHELL -- WORD...",
		SkipFlagParsing: true,
		Action: func(ctx context.Context, cmd *cli.Command) error {
			args := cmd.Args().Slice()
			if len(args) < 3 || args[1] != "--" {
				return usageError{fmt.Errorf("complete takes a shell, -- and words"), "see ewoks-hpc completion --help"}
			}
			words := args[2:]
			if args[0] == "bash" {
				words = rejoined(words)
			}
			line := readLine(cmd.Root(), words)
			kind, found := line.candidates(ctx)
			fmt.Fprintln(s.Out, kind)
			prefix, _, _ := cutFlag(line.current)
			for _, c := range found {
				if args[0] == "bash" { // which replaces only what follows the =
					c.word = strings.TrimPrefix(c.word, prefix)
				}
				fmt.Fprintf(s.Out, "%s\t%s\n", c.word, oneLine(c.about, 80))
			}
			return nil
		},
	}
}

// rejoined undoes that bash makes three words of --flag=value.
func rejoined(words []string) (joined []string) {
	for i := 0; i < len(words); i++ {
		last := len(joined) - 1
		if words[i] != "=" || last < 0 {
			joined = append(joined, words[i])
			continue
		}
		joined[last] += "="
		if i++; i < len(words) {
			joined[last] += words[i]
		}
	}
	return joined
}
