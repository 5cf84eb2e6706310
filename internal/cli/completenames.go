package cli

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/app"
	"github.com/ewoks-hpc/ewoks-hpc/dashboard"
)

// namesTime bounds how long the names of what is in a cluster are looked for: nobody
// waits longer for a completion.
const namesTime = 150 * time.Millisecond

// names are those of something that exists. Who completes a word wants no errors.
func (l *commandLine) names(ctx context.Context, what string) (found []candidate) {
	if what == "CLUSTER" {
		clusters, _ := app.Clusters(l.value("state-dir", "EWOKS_HPC_STATE_DIR"))
		for _, c := range clusters {
			found = append(found, candidate{c, "cluster"})
		}
		return found
	}
	look := map[string]func(dashboard.Overview) []candidate{
		"RUN": runNames, "JOB": jobNames, "POOL": poolNames, "CAMPAIGN": campaignNames,
	}[what]
	if look == nil && what != "NODE" {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, namesTime)
	defer cancel()
	dir, err := app.FindCluster(l.value("state-dir", "EWOKS_HPC_STATE_DIR"), cmp.Or(l.value("cluster", "EWOKS_HPC_CLUSTER"), "default"))
	if err != nil {
		return nil
	}
	client, err := app.Connect(ctx, dir)
	if err != nil {
		return nil
	}
	defer client.Close()
	if look == nil {
		return l.nodeNames(ctx, client)
	}
	o, err := client.Glance(ctx)
	if err != nil {
		return nil
	}
	return look(o)
}

func runNames(o dashboard.Overview) []candidate {
	found := []candidate{{"last", "the run that was submitted last"}}
	for _, r := range slices.Backward(o.Runs) {
		found = append(found, candidate{r.Run, runState(r) + " " + r.Label})
	}
	return found
}

func jobNames(o dashboard.Overview) (found []candidate) {
	for _, j := range o.Jobs {
		found = append(found, candidate{jobName(j), j.Phase + " " + j.Nodes})
	}
	return found
}

func poolNames(o dashboard.Overview) (found []candidate) {
	for _, p := range o.Pools {
		found = append(found, candidate{p.Pool, "jobs: " + p.Size})
	}
	return found
}

func campaignNames(o dashboard.Overview) (found []candidate) {
	for _, c := range o.Campaigns {
		found = append(found, candidate{c.Campaign, c.Phase})
	}
	return found
}

// nodeNames are those of the run that is named before.
func (l *commandLine) nodeNames(ctx context.Context, client *app.Client) (found []candidate) {
	if len(l.args) == 0 {
		return nil
	}
	e, err := client.Explain(ctx, l.args[0], "")
	if err != nil {
		return nil
	}
	for _, t := range e.Tasks {
		found = append(found, candidate{t.Node, t.Phase + " " + t.Label})
	}
	return slices.Compact(found)
}
