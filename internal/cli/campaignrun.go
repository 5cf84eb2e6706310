package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"

	"github.com/urfave/cli/v3"

	"github.com/ewoks-hpc/ewoks-hpc/app"
)

func newCampaignRun(s Streams) *cli.Command {
	return &cli.Command{
		Name:      "run",
		Usage:     "run a campaign, and wait for its end",
		ArgsUsage: "FILE.toml | WORKFLOW",
		Description: defineHelp + `

Without --cluster it has worker processes of this machine; an interrupt ends them, and
the same command goes on later. On a cluster that is up an interrupt ends the waiting
only. The code is 1 if some rows are not done.` + exitHelp,
		Flags: slices.Concat(definitionFlags(), []cli.Flag{
			&cli.StringFlag{Name: "cluster", Usage: "`NAME` or address of a cluster that is up; default: that of the campaign file, or worker processes of this machine"},
			&cli.StringFlag{Name: "state-dir", Usage: "`DIRECTORY` where clusters keep their state", Sources: cli.EnvVars("EWOKS_HPC_STATE_DIR")},
			&cli.StringFlag{Name: "env", Usage: "without --cluster: variables that tasks inherit: all, none or `NAME,...`; default: all"},
			&cli.IntFlag{Name: "n-workers", Usage: "without --cluster: number (`N`) of worker processes; default: as many as CPUs"},
			&cli.IntFlag{Name: "threads-per-worker", Usage: "without --cluster: tasks (`N`) that a worker executes at a time", Value: 1},
			outputFlag(),
			&cli.BoolFlag{Name: "quiet", Aliases: []string{"q"}, Usage: "print errors only"},
		}),
		Action: func(ctx context.Context, cmd *cli.Command) error { return runCampaign(ctx, cmd, s) },
	}
}

func runCampaign(ctx context.Context, cmd *cli.Command, s Streams) error {
	o, sub, asJSON, err := prepareCampaign(ctx, cmd)
	if err != nil {
		return err
	}
	a := attached{s: s, name: o.Name, asJSON: asJSON, quiet: cmd.Bool("quiet")}
	if o.Cluster != "" {
		return a.runOn(ctx, cmd, o.Cluster, sub)
	}
	return a.runHere(ctx, cmd, o, sub)
}

// attached is a command that waits for a campaign.
type attached struct {
	s             Streams
	name          string
	asJSON, quiet bool
}

// runHere brings a cluster up for the campaign alone.
func (a attached) runHere(ctx context.Context, cmd *cli.Command, o app.CampaignOptions, sub app.CampaignSubmission) error {
	if err := checkFlags(cmd, purpose{scheduler: "cluster", words: "without --cluster"}); err != nil {
		return err
	}
	c, err := clusterOptions(cmd)
	if err != nil {
		return err
	}
	c.Env, c.Dir, c.Name, c.Version = o.Run.Env, o.Run.Dir, app.OwnCluster(a.name), cmd.Root().Version
	c.StateDir = filepath.Join(filepath.Dir(c.StateDir), c.Name)
	makeLocal(cmd, &c)
	if o.Run.Python != "" {
		c.Pool.Python = o.Run.Python
	}
	p := newCampaignProgress(a.s.Err, a.quiet)
	submitted := func(done app.CampaignSubmitted) { sayGoingOn(a.s.Err, a.quiet, done) }
	status, err := app.CampaignInCluster(ctx, sub, c, submitted, p.show)
	p.finish()
	if ctx.Err() != nil && err != nil {
		return a.interrupted(err, fmt.Sprintf("campaign %s is interrupted; the same command goes on with it", a.name))
	}
	if err != nil {
		return err
	}
	return a.end(status, found{name: a.name})
}

// runOn uses a cluster that is up.
func (a attached) runOn(ctx context.Context, cmd *cli.Command, cluster string, sub app.CampaignSubmission) error {
	done, err := submitTo(ctx, cmd, cluster, sub)
	if err != nil {
		return err
	}
	sayGoingOn(a.s.Err, a.quiet, done)
	c, err := campaignsOf(cmd, cluster)
	if err != nil {
		return err
	}
	defer c.Close()
	return a.watch(ctx, found{c, a.name})
}

// watch shows how a campaign goes until its end.
func (a attached) watch(ctx context.Context, f found) error {
	p := newCampaignProgress(a.s.Err, a.quiet)
	status, err := f.WatchCampaign(ctx, f.name, p.show)
	p.finish()
	if ctx.Err() != nil && err != nil {
		if f.Cluster() == "" {
			return err
		}
		if status.Down {
			return a.interrupted(err, fmt.Sprintf("campaign %s waits for its cluster, %s, to be up again", f.name, f.Cluster()))
		}
		return a.interrupted(err, fmt.Sprintf("campaign %s goes on; %s shows how, %s ends it", f.name, f.command("watch "+f.name), f.command("cancel "+f.name)))
	}
	if err != nil {
		return err
	}
	return a.end(status, f)
}

// interrupted says what becomes of the campaign now.
func (a attached) interrupted(err error, words string) error {
	if !errors.Is(err, context.Canceled) {
		fmt.Fprintf(a.s.Err, "ewoks-hpc: %v\n", err)
	}
	fmt.Fprintf(a.s.Err, "ewoks-hpc: %s\n", words)
	return failedError{exitInterrupted}
}

func (a attached) end(status app.CampaignStatus, f found) error {
	if a.asJSON {
		if err := printJSON(a.s.Out, status); err != nil {
			return err
		}
	}
	return endOfCampaign(a.s, status, f, a.quiet || a.asJSON)
}

// submitTo hands a campaign to a cluster that is up.
func submitTo(ctx context.Context, cmd *cli.Command, cluster string, sub app.CampaignSubmission) (done app.CampaignSubmitted, err error) {
	if err := checkFlags(cmd, alreadyUp); err != nil {
		return done, err
	}
	dir, err := app.FindCluster(cmd.String("state-dir"), cmp.Or(cluster, "default"))
	if err != nil {
		return done, err
	}
	client, err := app.Connect(ctx, dir)
	if err != nil {
		return done, err
	}
	defer client.Close()
	done, err = client.SubmitCampaign(ctx, sub)
	if err != nil {
		return done, fmt.Errorf("campaign not submitted: %w", err)
	}
	return done, nil
}

// sayGoingOn tells what is there already of a campaign.
func sayGoingOn(w io.Writer, quiet bool, done app.CampaignSubmitted) {
	if quiet || !done.Again {
		return
	}
	fmt.Fprintf(w, "campaign %s goes on: %s of %s were done already\n", done.Campaign, thousands(done.Done), rowsText(done.Rows))
	if done.Retried > 0 {
		fmt.Fprintf(w, "%s tried again\n", either(done.Retried == 1, "1 row is", rowsText(done.Retried)+" are"))
	}
	if done.Dropped > 0 {
		fmt.Fprintf(w, "%s of before given up: the table has them no more, or the workflow has changed\n", either(done.Dropped == 1, "1 row", rowsText(done.Dropped)))
	}
}
