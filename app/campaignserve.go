package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/campaigner"
	"github.com/ewoks-hpc/ewoks-hpc/ledger"
	"github.com/ewoks-hpc/ewoks-hpc/pyhost"
	"github.com/ewoks-hpc/ewoks-hpc/report"
)

// serveCampaigns answers what clients want of campaigns, and leaves word of where the
// ledgers are, for clients that come when the cluster is down.
func (c *Cluster) serveCampaigns() error {
	uploads := newCampaignUploads(c.submitCampaign)
	answers := newCampaignAnswers(campaigner.Folder{Dir: c.campaignsPath()})
	for verb, handler := range map[string]func([]byte) (any, error){
		verbSubmit: uploads.serve, verbAsk: answers.serve, verbOrder: c.serveCampaignOrder,
	} {
		if err := c.coordinator.Serve(verb, handler); err != nil {
			return err
		}
	}
	host, _ := os.Hostname()
	data, err := json.Marshal(campaignsPlace{Host: host, Dir: c.campaignsPath()})
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(c.o.StateDir, campaignsFile), data, 0o600)
}

// campaignsFile tells where the ledgers of a cluster are, also when it is down.
const campaignsFile = "campaigns.json"

type campaignsPlace struct {
	Host string `json:"host"`
	Dir  string `json:"dir"`
}

// readPlace fails with fs.ErrNotExist if the cluster never had campaigns.
func readPlace(stateDir string) (p campaignsPlace, err error) {
	data, err := os.ReadFile(filepath.Join(stateDir, campaignsFile))
	if err == nil {
		err = json.Unmarshal(data, &p)
	}
	return p, err
}

// here tells whether the ledgers can be read on this machine.
func (p campaignsPlace) here() bool {
	host, _ := os.Hostname()
	return p.Host == host
}

func (c *Cluster) submitCampaign(ctx context.Context, r io.Reader) (campaigner.Submitted, error) {
	sub, err := readSubmission(r)
	if err != nil {
		return campaigner.Submitted{}, err
	}
	user := sub.Provenance.User
	sub.Provenance = c.provenance(ctx, sub.Plan)
	sub.Provenance.User = user
	done, err := c.campaigns.Submit(ctx, sub)
	if err == nil && c.history != nil {
		definition, _ := json.Marshal(sub.Plan) // it was read from JSON
		c.record(report.Description{
			Kind: report.KindCampaign, Name: done.Campaign, Cluster: c.o.Name, User: user, Submitted: sub.Provenance.Submitted,
			Workflow: sub.Document, Definition: definition,
		})
	}
	return done, err
}

// inspectTime bounds how long an interpreter may take to tell what it has.
const inspectTime = 15 * time.Second

// provenance says with what rows are executed, as far as this machine can tell.
func (c *Cluster) provenance(ctx context.Context, p campaigner.Plan) ledger.Provenance {
	found := ledger.Provenance{EwoksHPC: c.o.Version, Submitted: time.Now().UTC()}
	found.Host, _ = os.Hostname()
	for _, name := range []string{"APPTAINER_CONTAINER", "SINGULARITY_CONTAINER"} {
		if found.Container == "" {
			found.Container = os.Getenv(name)
		}
	}
	env := append(c.o.Env[:len(c.o.Env):len(c.o.Env)], p.Environment.Set...)
	dir := p.Environment.Dir
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		dir = "" // it need not be on this machine
	}
	python, err := pyhost.Find(c.o.Pool.Python, env)
	var installed pyhost.Installed
	if err == nil {
		installed, err = pyhost.FindInstalled(ctx, pyhost.Options{Python: python, Env: env, Dir: dir, StartTimeout: inspectTime})
	}
	if err != nil {
		c.o.Logger.Warn("versions of packages not recorded", "campaign", p.Name, "error", err)
	}
	found.Python, found.Packages = installed.Python, installed.Packages
	return found
}

// campaignNotices say what keeps campaigns from going on.
func (c *Cluster) campaignNotices() (lines []string) {
	if c.campaigns == nil {
		return nil
	}
	problems := c.campaigns.Problems()
	for _, name := range slices.Sorted(maps.Keys(problems)) {
		lines = append(lines, fmt.Sprintf("campaign %s does not go on: %s; it is tried again every second", name, problems[name]))
	}
	return lines
}
