package app

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/campaigner"
	"github.com/ewoks-hpc/ewoks-hpc/coordinator"
	"github.com/ewoks-hpc/ewoks-hpc/history"
	"github.com/ewoks-hpc/ewoks-hpc/report"
)

// ReportOptions say what to report.
type ReportOptions struct {
	// Dir is the state directory of the cluster, which may be down.
	Dir string
	// Kind is report.KindRun or report.KindCampaign, Name that of the run or campaign.
	Kind, Name string
	// Program is the version of this program.
	Program string
}

// Report makes a report from what is recorded. A run or campaign of which nothing is
// recorded is an [InvalidError].
func Report(ctx context.Context, o ReportOptions) (*report.Data, error) {
	if err := history.CheckKey(o.Name); err != nil {
		return nil, &InvalidError{Cause: err, Advice: o.advice()}
	}
	now := o.ask(ctx) // before reading: it makes the launcher write what it has
	folder := history.Folder(filepath.Join(o.Dir, historyDir))
	about, err := o.describe(ctx, folder, now)
	if err != nil {
		return nil, err
	}
	b := report.NewBuilder()
	if err := readAttempts(ctx, folder, o.Name, b); err != nil {
		return nil, err
	}
	if about.Jobs, err = jobsOf(folder, about, b.Pools()); err != nil {
		return nil, err
	}
	d := b.Data(about, time.Now())
	d.Program = o.Program
	if o.Kind == report.KindRun {
		addPrinted(filepath.Join(o.Dir, printedDir, o.Name+".jsonl"), d.Failures)
	}
	return d, nil
}

// RecordedRun is the id of a run of which something is recorded: name is the beginning
// of it, or [coordinator.Last]. One that is not found is returned as it is.
func RecordedRun(dir, name string) (string, error) {
	entries, err := os.ReadDir(filepath.Join(dir, historyDir))
	if err != nil {
		return name, nil
	}
	var found []string
	for _, e := range entries {
		id, _, _ := strings.Cut(e.Name(), ".")
		if runName.MatchString(id) && (name == coordinator.Last || strings.HasPrefix(id, name)) && !slices.Contains(found, id) {
			found = append(found, id)
		}
	}
	slices.Sort(found) // by time
	switch {
	case len(found) == 1, name == coordinator.Last && len(found) > 0:
		return found[len(found)-1], nil
	case len(found) > 1:
		return "", &InvalidError{
			Cause:  fmt.Errorf("%d runs begin with %s", len(found), name),
			Advice: "give more of the id; the last two are " + strings.Join(found[len(found)-2:], " and "),
		}
	}
	return name, nil
}

// reportAskTime bounds the question to a launcher.
const reportAskTime = 10 * time.Second

// ask gets what the launcher knows at present, nil if it is down: then the records
// have all there is.
func (o ReportOptions) ask(ctx context.Context) (answer json.RawMessage) {
	ctx, cancel := context.WithTimeout(ctx, reportAskTime)
	defer cancel()
	client, err := Connect(ctx, o.Dir)
	if err != nil {
		return nil
	}
	defer client.Close()
	if client.Call(ctx, reportVerb, reportRequest{o.Name}, &answer) != nil {
		return nil
	}
	return answer
}

// describe puts together what was recorded at the begin and the end, and what is the
// case now.
func (o ReportOptions) describe(ctx context.Context, folder history.Folder, now json.RawMessage) (about report.Description, err error) {
	switch err = folder.About(o.Name, &about); {
	case err == nil:
	case !errors.Is(err, fs.ErrNotExist):
		return about, err
	case o.Kind == report.KindRun:
		return about, &InvalidError{Cause: fmt.Errorf("nothing is recorded of a run %s", o.Name), Advice: o.advice()}
	}
	if len(now) > 0 {
		if err := json.Unmarshal(now, &about); err != nil {
			return about, fmt.Errorf("answer of the launcher: %w", err)
		}
	}
	if about.Kind != "" && about.Kind != o.Kind {
		return about, &InvalidError{Cause: fmt.Errorf("%s is a %s, not a %s", o.Name, about.Kind, o.Kind), Advice: o.advice()}
	}
	about.Kind, about.Name = o.Kind, o.Name
	if o.Kind == report.KindCampaign {
		err = o.campaign(ctx, &about)
	} else {
		err = nil
	}
	return about, err
}

// campaign adds what the ledger knows.
func (o ReportOptions) campaign(ctx context.Context, about *report.Description) error {
	cluster := ClusterOptions{Name: filepath.Base(o.Dir), StateDir: o.Dir}
	journal := cluster.journalDir()
	if info, err := ReadInfo(o.Dir); err == nil && info.Journal != "" {
		journal = info.Journal
	}
	s, err := campaigner.Folder{Dir: filepath.Join(journal, campaignsDir)}.Status(ctx, o.Name)
	var unknown *campaigner.NotFoundError
	if errors.As(err, &unknown) {
		return &InvalidError{Cause: err, Advice: o.advice()}
	}
	if err != nil {
		return err
	}
	about.Cluster, about.User, about.Status, about.Message = cluster.Name, s.Provenance.User, string(s.Phase), s.Problem
	about.Submitted, about.Reasons, about.Counts = s.Provenance.Submitted, nil, map[string]int{}
	counts := s.Counts
	for state, n := range map[string]int{
		"waiting": counts.Waiting, "running": counts.Running, "done": counts.Done,
		"failed": counts.Failed, "skipped": counts.Skipped, "cancelled": counts.Cancelled,
	} {
		about.Counts[state] = n
	}
	if s.Phase == campaigner.Ended {
		about.Ended = s.LastEnd
	}
	for _, r := range s.Reasons {
		text := r.Type
		if r.Task != "" {
			text += " in " + r.Task
		}
		about.Reasons = append(about.Reasons, report.Reason{Rows: r.Count, Text: text})
	}
	about.Provenance, err = json.Marshal(s.Provenance)
	return err
}

func (o ReportOptions) advice() string {
	name := filepath.Base(o.Dir)
	if o.Kind == report.KindCampaign {
		return "ewoks-hpc campaign list --cluster " + name + " shows the campaigns"
	}
	return "ewoks-hpc runs --cluster " + name + " shows the runs; only those of a cluster are recorded"
}

// readAttempts hands the records to a report. None are recorded before the first has
// ended.
func readAttempts(ctx context.Context, folder history.Folder, key string, b *report.Builder) error {
	for a, err := range folder.Read(key) {
		var missing history.Dropped
		var damaged *history.DamagedError
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err == nil:
			b.Add(&a)
		case errors.As(err, &missing):
			b.Missing(int(missing))
		case errors.As(err, &damaged):
			b.Unreadable()
		case !errors.Is(err, fs.ErrNotExist):
			return err
		}
	}
	return nil
}

// failedPrinted is the end of what a task printed, in bytes.
const failedPrinted = 2000

// addPrinted shows of each kind of failure what the first example printed.
func addPrinted(path string, failures []report.Failure) {
	wanted := map[uint64]int{}
	for i, f := range failures {
		if _, taken := wanted[f.Examples[0].Task]; !taken {
			wanted[f.Examples[0].Task] = i
		}
	}
	if len(wanted) == 0 {
		return
	}
	f, err := os.Open(path)
	if err != nil {
		return // nothing was printed
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		var p coordinator.Printed
		if json.Unmarshal(lines.Bytes(), &p) != nil {
			continue
		}
		if i, ok := wanted[p.Task]; ok {
			text := p.Stdout + p.Stderr
			failures[i].Output = strings.ToValidUTF8(text[max(0, len(text)-failedPrinted):], "")
		}
	}
}
