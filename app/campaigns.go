package app

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/ewoks-hpc/ewoks-hpc/campaigner"
	"github.com/ewoks-hpc/ewoks-hpc/ledger"
)

// CampaignStatus is how a campaign goes.
type CampaignStatus struct {
	campaigner.Status
	// Cluster is where it is; empty is a campaign of its own on this machine.
	Cluster string `json:"cluster,omitempty"`
	// Down means that rows are left, but that there is no launcher now to go on with them.
	Down bool `json:"down,omitempty"`
}

// The words of campaigns, for those who may not import their service.
type (
	CampaignAttempt    = campaigner.Attempt    // one try at a row
	CampaignSubmission = campaigner.Submission // a campaign to carry out
	CampaignSubmitted  = campaigner.Submitted  // what was made of it
)

// Campaigns are those of one cluster, which may be down.
type Campaigns struct {
	dir    string // the state of the cluster
	place  campaignsPlace
	client *Client
}

// OpenCampaigns finds the campaigns of the cluster whose state directory this is. A
// cluster that never had any is an error that wraps fs.ErrNotExist.
func OpenCampaigns(stateDir string) (*Campaigns, error) {
	place, err := readPlace(stateDir)
	if err != nil {
		return nil, fmt.Errorf("campaigns of cluster %s: %w", filepath.Base(stateDir), err)
	}
	return &Campaigns{dir: stateDir, place: place}, nil
}

// Cluster is the name of the cluster; empty for that of one campaign.
func (c *Campaigns) Cluster() string { return shownCluster(filepath.Base(c.dir)) }

// StateDir is the state directory of the cluster.
func (c *Campaigns) StateDir() string { return c.dir }

// Close ends the connection to the cluster, if there is one.
func (c *Campaigns) Close() {
	if c.client != nil {
		c.client.Close()
	}
}

func (c *Campaigns) connect(ctx context.Context) (*Client, error) {
	if c.client != nil {
		return c.client, nil
	}
	client, err := Connect(ctx, c.dir)
	if err != nil {
		return nil, err
	}
	c.client = client
	return client, nil
}

// answer reads the ledgers, or asks the launcher if they are on another machine.
func (c *Campaigns) answer(ctx context.Context, q campaignQuestion, w io.Writer) error {
	if c.place.here() {
		return invalidCampaign(q.answer(ctx, campaigner.Folder{Dir: c.place.Dir}, w))
	}
	client, err := c.connect(ctx)
	if err != nil {
		return fmt.Errorf("the ledgers are on %s: %w", c.place.Host, err)
	}
	return client.askCampaign(ctx, q, w)
}

func (c *Campaigns) decode(ctx context.Context, q campaignQuestion, v any) error {
	var data bytes.Buffer
	if err := c.answer(ctx, q, &data); err != nil {
		return err
	}
	return json.Unmarshal(data.Bytes(), v)
}

// Status tells how a campaign goes.
func (c *Campaigns) Status(ctx context.Context, name string) (s CampaignStatus, err error) {
	err = c.decode(ctx, campaignQuestion{About: askStatus, Campaign: name}, &s.Status)
	return c.where(s.Status), err
}

// where adds where a campaign is, and whether anybody goes on with it.
func (c *Campaigns) where(s campaigner.Status) CampaignStatus {
	down := s.Left() > 0 && c.isDown()
	if down {
		s.Rate, s.TimeLeft = 0, 0
	}
	return CampaignStatus{Status: s, Cluster: c.Cluster(), Down: down}
}

// isDown tells that there is no launcher on this machine. On another it is not known.
func (c *Campaigns) isDown() bool {
	info, err := ReadInfo(c.dir)
	if err != nil {
		return c.place.here()
	}
	running, known := info.Running()
	return known && !running
}

// All tells how all campaigns go, the last submitted first.
func (c *Campaigns) All(ctx context.Context) (list []CampaignStatus, err error) {
	var all []campaigner.Status
	if err := c.decode(ctx, campaignQuestion{About: askAll}, &all); err != nil {
		return nil, err
	}
	for _, s := range all {
		list = append(list, c.where(s))
	}
	return list, nil
}

// Rows calls each with the rows of a campaign that a filter chooses, at most limit if
// that is more than 0.
func (c *Campaigns) Rows(ctx context.Context, name, where string, limit int, each func(CampaignRow) error) error {
	r, w := io.Pipe()
	go func() {
		w.CloseWithError(c.answer(ctx, campaignQuestion{About: askRows, Campaign: name, Where: where, Limit: limit}, w))
	}()
	defer r.Close()
	for d := json.NewDecoder(r); ; {
		var row CampaignRow
		err := d.Decode(&row)
		if err == io.EOF {
			return nil
		}
		if err == nil {
			err = each(row)
		}
		if err != nil {
			return err
		}
	}
}

// Export writes the table of a campaign: "csv", "jsonl" or "parquet".
func (c *Campaigns) Export(ctx context.Context, name, where, format string, w io.Writer) error {
	return c.answer(ctx, campaignQuestion{About: askExport, Campaign: name, Where: where, Format: ledger.Format(format)}, w)
}

// Attempts tells of all attempts at a row, and what they printed.
func (c *Campaigns) Attempts(ctx context.Context, name string, row int) (list []CampaignAttempt, err error) {
	return list, c.decode(ctx, campaignQuestion{About: askAttempts, Campaign: name, Row: row}, &list)
}

// Order changes what becomes of a campaign. Of one that has a cluster of its own,
// which is down, cancel and remove are carried out here.
func (c *Campaigns) Order(ctx context.Context, o CampaignOrder) (a CampaignAnswer, err error) {
	client, err := c.connect(ctx)
	if err == nil {
		return client.OrderCampaign(ctx, o)
	}
	var notUp *NotUpError
	if !errors.As(err, &notUp) || !c.place.here() || c.Cluster() != "" {
		return a, err
	}
	a = CampaignAnswer{Campaign: o.Campaign, Changed: true}
	folder := campaigner.Folder{Dir: c.place.Dir}
	switch o.Order {
	case CancelCampaign:
		a.Rows, err = folder.Cancel(ctx, o.Campaign)
		a.Phase, a.Changed = campaigner.Ended, a.Rows > 0
	case RemoveCampaign:
		if err = folder.Remove(ctx, o.Campaign); err == nil {
			err = errors.Join(os.RemoveAll(filepath.Dir(c.place.Dir)), os.RemoveAll(c.dir))
		}
	default:
		return a, &InvalidError{Cause: fmt.Errorf("campaign %s is on this machine and does not run now", o.Campaign), Advice: "the command that began it goes on with it, and tries failed rows again once all others have ended"}
	}
	return a, invalidCampaign(err)
}

// ownPrefix begins the names of clusters that are there for one campaign.
const ownPrefix = "campaign-"

// OwnCluster is the name of the cluster that a campaign has for itself. Names of
// clusters have no dots.
func OwnCluster(campaign string) string {
	name := strings.ReplaceAll(campaign, ".", "-")
	if name != campaign {
		sum := sha256.Sum256([]byte(campaign))
		name += "-" + hex.EncodeToString(sum[:4])
	}
	return ownPrefix + name
}

func shownCluster(name string) string {
	if strings.HasPrefix(name, ownPrefix) {
		return ""
	}
	return name
}

// CampaignClusters lists the clusters of this machine that have, or had, campaigns: also
// those that are down, and those that are there for one campaign.
func CampaignClusters(root string) (names []string, err error) {
	if root, err = StateRoot(root); err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(root)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	for _, e := range entries {
		if _, err := os.Stat(filepath.Join(root, e.Name(), campaignsFile)); err == nil {
			names = append(names, e.Name())
		}
	}
	return names, nil
}
