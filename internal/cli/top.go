package cli

import (
	"cmp"
	"context"
	"errors"
	"os"
	"strings"
	"sync"

	"github.com/urfave/cli/v3"
	"golang.org/x/term"

	"github.com/ewoks-hpc/ewoks-hpc/app"
	"github.com/ewoks-hpc/ewoks-hpc/dashboard"
	"github.com/ewoks-hpc/ewoks-hpc/internal/top"
)

func newTop(s Streams) *cli.Command {
	return &cli.Command{
		Name:  "top",
		Usage: "watch a cluster, full screen",
		Description: `Shows pools, runs, workers, jobs and campaigns, and follows them once a second, over the
connection that status uses. Press ? for the keys: runs can be opened, cancelled, paused
and resumed. To leave it ends nothing. Colours are left out if NO_COLOR is set.` + exitHelp,
		Flags: reachFlags(),
		Action: func(ctx context.Context, cmd *cli.Command) error {
			if err := noArguments(cmd); err != nil {
				return err
			}
			return runTop(ctx, cmd, s)
		},
	}
}

func runTop(ctx context.Context, cmd *cli.Command, s Streams) error {
	out, ok := s.Out.(*os.File)
	if !ok || !term.IsTerminal(int(out.Fd())) || !term.IsTerminal(int(os.Stdin.Fd())) || os.Getenv("TERM") == "dumb" {
		return usageError{errors.New("top needs a terminal"), "ewoks-hpc status prints the same once, also as JSON"}
	}
	client, err := reach(ctx, cmd) // a wrong name is told at once
	if err != nil {
		return err
	}
	w := &watched{cmd: cmd, client: client}
	defer w.close()
	return top.Run(ctx, top.Options{
		Cluster: w, Name: cmp.Or(cmd.String("cluster"), "default"), ASCII: !unicodeLocale(os.Getenv),
		In: os.Stdin, Out: out, Env: os.Environ(),
	})
}

// unicodeLocale tells whether the locale has more than letters: the first of these
// variables that is set decides (POSIX, environment variables).
func unicodeLocale(getenv func(string) string) bool {
	switch locale := cmp.Or(getenv("LC_ALL"), getenv("LC_CTYPE"), getenv("LANG")); {
	case locale == "C", locale == "POSIX":
		return false
	default:
		return true
	}
}

// watched is the cluster that the flags name. The connection is made anew after an
// error: the launcher may have moved.
type watched struct {
	cmd    *cli.Command
	mu     sync.Mutex
	client *app.Client
	looked bool
}

func (w *watched) close() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.client != nil {
		w.client.Close()
	}
	w.client = nil
}

func (w *watched) connected(ctx context.Context) (*app.Client, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.client == nil {
		client, err := reach(ctx, w.cmd)
		if err != nil {
			return nil, err
		}
		w.client = client
	}
	return w.client, nil
}

// Overview asks Slurm the first time only: after that the launcher does at its own
// pace, whoever watches.
func (w *watched) Overview(ctx context.Context) (o dashboard.Overview, err error) {
	client, err := w.connected(ctx)
	if err != nil {
		return o, err
	}
	if w.looked {
		o, err = client.Glance(ctx)
	} else {
		err = client.Call(ctx, "overview", nil, &o)
	}
	if w.looked = err == nil; err != nil {
		w.close()
	}
	return o, err
}

func (w *watched) Order(ctx context.Context, verb, run string) (string, error) {
	client, err := w.connected(ctx)
	if err != nil {
		return "", err
	}
	o := app.Order{Run: run}
	a, err := client.Give(ctx, verb, o)
	if err != nil {
		return "", err
	}
	words := map[string]order{"cancel": {verb, cancelWords}, "pause": {verb, pauseWords}, "resume": {verb, resumeWords}}[verb].words
	var text strings.Builder
	words(&text, w.cmd.String("cluster"), o, a)
	return strings.TrimSpace(text.String()), nil
}
