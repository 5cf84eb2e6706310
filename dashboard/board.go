package dashboard

import (
	"fmt"
	"strconv"
	"time"
)

// board is an overview for watchers: tables are objects by key, so that a difference
// names only the rows and fields that changed.
type board struct {
	Cluster   string              `json:"cluster"`
	Address   string              `json:"address"`
	Version   string              `json:"version"`
	Started   time.Time           `json:"started,omitzero"`
	Workers   map[string]Worker   `json:"workers"`
	Jobs      map[string]Job      `json:"jobs"`
	Pools     map[string]Pool     `json:"pools"`
	Runs      map[string]Run      `json:"runs"`
	Campaigns map[string]Campaign `json:"campaigns"`
	Ready     int                 `json:"ready"`
	Leased    int                 `json:"leased"`
	Delayed   int                 `json:"delayed"`
	Paused    bool                `json:"paused"`
	Totals    Totals              `json:"totals"`
	Causes    map[string]uint64   `json:"causes"`
	Notices   []string            `json:"notices"`
	LeftOut   leftOut             `json:"left_out"`
}

// seenStep is how exact watchers know when a worker was seen: every heartbeat of
// every worker would be news.
const seenStep = 10 * time.Second

func boardOf(o Overview) board {
	a := bound(o)
	b := board{
		Cluster: a.Cluster, Address: a.Address, Version: a.Version, Started: a.Started,
		Workers: map[string]Worker{}, Jobs: map[string]Job{}, Pools: map[string]Pool{}, Runs: map[string]Run{}, Campaigns: map[string]Campaign{},
		Ready: a.Ready, Leased: a.Leased, Delayed: a.Delayed, Paused: a.Paused, Totals: a.Totals, Causes: a.Causes,
		Notices: a.Notices, LeftOut: a.LeftOut,
	}
	for _, w := range a.Workers {
		w.Seen = w.Seen.Truncate(seenStep)
		b.Workers[w.Worker] = w
	}
	for _, j := range a.Jobs {
		b.Jobs[j.FullID()] = j
	}
	for _, p := range a.Pools {
		b.Pools[p.Pool] = p
	}
	for _, r := range a.Runs {
		b.Runs[r.Run] = r
	}
	for _, c := range a.Campaigns {
		b.Campaigns[c.Campaign] = c
	}
	return b
}

// runBoard is a run for watchers; the keys of Nodes are their positions.
type runBoard struct {
	RunDetail
	Nodes   map[string]Node `json:"nodes"`
	LeftOut int             `json:"left_out"`
}

func runBoardOf(d RunDetail) runBoard {
	a := boundRun(d)
	b := runBoard{RunDetail: a.RunDetail, Nodes: make(map[string]Node, len(a.Nodes)), LeftOut: a.LeftOut}
	for i, n := range a.Nodes {
		b.Nodes[strconv.Itoa(i)] = n
	}
	b.RunDetail.Nodes = nil
	return b
}

// campaignBoard is a campaign for watchers; the keys of Rows are their numbers.
type campaignBoard struct {
	CampaignDetail
	Rows map[string]Row `json:"rows"`
}

func campaignBoardOf(d CampaignDetail) campaignBoard {
	d = boundCampaign(d)
	b := campaignBoard{CampaignDetail: d, Rows: make(map[string]Row, len(d.Rows))}
	for _, r := range d.Rows {
		b.Rows[strconv.Itoa(r.Row)] = r
	}
	b.CampaignDetail.Rows = nil
	return b
}

// named404 says what was not found.
func named404(err error, kind, name string) error {
	if err == nil {
		return nil
	}
	clip(maxName, &name)
	return fmt.Errorf("%s %q: %w", kind, name, err)
}
