package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/urfave/cli/v3"

	"github.com/ewoks-hpc/ewoks-hpc/app"
)

func newCampaign(s Streams) *cli.Command {
	return &cli.Command{
		Name:  "campaign",
		Usage: "run a workflow for each row of a table",
		Description: `A campaign is one workflow applied to a table of parameters. What becomes of each row
is recorded in a ledger, so a campaign goes on after anything: rows that are done stay
done unless their parameters or the workflow have changed.

Without cluster, here:      ewoks-hpc campaign run workflow.json --table scans.csv --name scans
On a cluster that is up:    ewoks-hpc campaign run scans.toml --cluster default
See how it goes:            ewoks-hpc campaign status scans, ewoks-hpc campaign rows scans
Results as a table:         ewoks-hpc campaign export scans --output-file scans_done.csv` + exitHelp,
		Action: noSubcommand,
		Commands: []*cli.Command{
			newCampaignRun(s), newCampaignSubmit(s), newCampaignList(s), newCampaignStatus(s), newCampaignWatch(s), newCampaignRows(s),
			newCampaignLogs(s), newCampaignExport(s), newCampaignReport(s), newCampaignPause(s), newCampaignResume(s), newCampaignCancel(s), newCampaignRetry(s),
			newCampaignRerun(s), newCampaignRemove(s),
		},
	}
}

func noSubcommand(_ context.Context, cmd *cli.Command) error {
	if !cmd.Args().Present() {
		return cli.ShowSubcommandHelp(cmd)
	}
	return usageError{fmt.Errorf("there is no command %q of campaign", cmd.Args().First()), "see ewoks-hpc campaign --help"}
}

// campaignName is the only argument of a command.
func campaignName(cmd *cli.Command) (string, error) {
	return campaignArgs(cmd, 1)
}

// campaignArgs is the first of so many arguments.
func campaignArgs(cmd *cli.Command, n int) (string, error) {
	if cmd.Args().Len() != n || cmd.Args().First() == "" {
		return "", usageError{fmt.Errorf("%s takes %s, got %s", cmd.FullName(), cmd.ArgsUsage, count(cmd.Args().Len(), "argument", "arguments")), "ewoks-hpc campaign list shows the names"}
	}
	return cmd.Args().First(), nil
}

// found is a campaign and where it is.
type found struct {
	*app.Campaigns
	name string
}

// askedCampaign is the campaign that is the only argument of a command.
func askedCampaign(ctx context.Context, cmd *cli.Command) (f found, asJSON bool, err error) {
	if asJSON, err = wantsJSON(cmd); err != nil {
		return f, asJSON, err
	}
	name, err := campaignName(cmd)
	if err == nil {
		f, err = findCampaign(ctx, cmd, name)
	}
	return f, asJSON, err
}

// findCampaign finds a campaign in the cluster that the flags name or, if they name
// none, in any of this machine.
func findCampaign(ctx context.Context, cmd *cli.Command, name string) (f found, err error) {
	clusters, err := campaignClusters(cmd, app.OwnCluster(name))
	if err != nil {
		return f, err
	}
	var problem error
	for _, cluster := range clusters {
		c, err := campaignIn(ctx, cmd, cluster, name)
		switch {
		case err == nil && f.Campaigns != nil:
			f.Close()
			c.Close()
			return found{}, usageError{fmt.Errorf("clusters %s and %s both have a campaign %q", filepath.Base(f.StateDir()), cluster, name), "name one of them with --cluster"}
		case err == nil:
			f = found{c, name}
		case problem == nil || errors.Is(problem, fs.ErrNotExist) && !errors.Is(err, fs.ErrNotExist):
			problem = err
		}
	}
	switch {
	case f.Campaigns != nil:
		return f, nil
	case errors.Is(problem, fs.ErrNotExist):
		return f, usageError{fmt.Errorf("there is no campaign %q", name), "ewoks-hpc campaign list shows those there are"}
	}
	return f, problem
}

// campaignIn opens the campaigns of a cluster, if there is one of this name.
func campaignIn(ctx context.Context, cmd *cli.Command, cluster, name string) (*app.Campaigns, error) {
	c, err := campaignsOf(cmd, cluster)
	if err != nil {
		return nil, err
	}
	if _, err := c.Status(ctx, name); err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

// campaignClusters are the cluster that the flags name or, if they name none, the
// default one, that of the campaign itself and then all others that have campaigns.
func campaignClusters(cmd *cli.Command, own ...string) ([]string, error) {
	if cmd.IsSet("cluster") {
		return []string{cmp.Or(cmd.String("cluster"), "default")}, nil
	}
	clusters := append([]string{"default"}, own...)
	all, err := app.CampaignClusters(cmd.String("state-dir"))
	for _, c := range all {
		if !slices.Contains(clusters, c) {
			clusters = append(clusters, c)
		}
	}
	return clusters, err
}

func campaignsOf(cmd *cli.Command, cluster string) (*app.Campaigns, error) {
	dir, err := app.FindCluster(cmd.String("state-dir"), cluster)
	if err != nil {
		return nil, err
	}
	return app.OpenCampaigns(dir)
}

// command is how to do something with the campaign.
func (f found) command(words string) string {
	text := "ewoks-hpc campaign " + words
	if cluster := f.cluster(); cluster != "" && cluster != "default" {
		text += " --cluster " + cluster
	}
	return text
}

// cluster is empty if the campaign has one of its own.
func (f found) cluster() string {
	if f.Campaigns == nil {
		return ""
	}
	return f.Cluster()
}

// retryCommand is how to try again what failed.
func (f found) retryCommand() string {
	if f.cluster() == "" {
		return "the same command"
	}
	return f.command("retry " + f.name + " --failed")
}

// thousands writes a number such that people can read it.
func thousands(n int) string {
	text := strconv.Itoa(n)
	for i := len(text) - 3; i > 0 && text[i-1] != '-'; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

func rowsText(n int) string {
	if n == 1 {
		return "1 row"
	}
	return thousands(n) + " rows"
}
