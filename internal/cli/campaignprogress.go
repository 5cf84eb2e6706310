package cli

import (
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"github.com/ewoks-hpc/ewoks-hpc/app"
	"github.com/ewoks-hpc/ewoks-hpc/campaign"
)

// campaignProgress shows how far a campaign is: a bar on a terminal, a line now and
// then elsewhere.
type campaignProgress struct {
	w     io.Writer
	quiet bool
	bar   *progressbar.ProgressBar
	next  time.Time
}

func newCampaignProgress(w io.Writer, quiet bool) *campaignProgress {
	p := &campaignProgress{w: w, quiet: quiet, next: time.Now().Add(lineInterval)}
	if f, ok := w.(*os.File); ok && !quiet && term.IsTerminal(int(f.Fd())) {
		p.bar = progressbar.NewOptions(-1, progressbar.OptionSetWriter(w), progressbar.OptionClearOnFinish(), progressbar.OptionSetWidth(30),
			progressbar.OptionSetPredictTime(false), progressbar.OptionSetElapsedTime(false))
	}
	return p
}

func (p *campaignProgress) show(s app.CampaignStatus) {
	switch now := time.Now(); {
	case p.quiet:
	case p.bar != nil:
		p.bar.ChangeMax(max(1, s.Total()))
		p.bar.Describe(goingText(s))
		_ = p.bar.Set(s.Total() - s.Left())
		_ = p.bar.RenderBlank()
	case now.After(p.next):
		p.next = now.Add(lineInterval)
		fmt.Fprintln(p.w, goingText(s))
	}
}

// finish takes the bar away.
func (p *campaignProgress) finish() {
	if p.bar != nil {
		_ = p.bar.Clear()
	}
}

// goingText is how a campaign goes in one line.
func goingText(s app.CampaignStatus) string {
	parts := []string{fmt.Sprintf("%s of %s done", thousands(s.Done), rowsText(s.Total()))}
	for _, c := range []struct {
		n    int
		what string
	}{{s.Failed, "failed"}, {s.Skipped, "skipped"}, {s.Cancelled, "cancelled"}, {s.Running, "running"}, {s.Waiting, "waiting"}} {
		if c.n > 0 {
			parts = append(parts, thousands(c.n)+" "+c.what)
		}
	}
	if s.Rate > 0 {
		parts = append(parts, rateText(s.Rate)+" rows/s")
	}
	if s.TimeLeft > 0 {
		parts = append(parts, leftText(s)+" left")
	}
	if s.Down {
		parts = append(parts, downText(s))
	}
	return strings.Join(parts, ", ")
}

// downText says what keeps all rows waiting.
func downText(s app.CampaignStatus) string {
	if s.Cluster == "" {
		return "but nothing runs now: the command that began it goes on with it"
	}
	return "but cluster " + s.Cluster + " is down"
}

// rateText has three digits that count.
func rateText(rate float64) string {
	if rate >= 100 {
		return thousands(int(rate))
	}
	return strconv.FormatFloat(rate, 'g', 3, 64)
}

func leftText(s app.CampaignStatus) string {
	return time.Duration(s.TimeLeft * float64(time.Second)).Round(time.Second).String()
}

// endOfCampaign says how a campaign ended, and makes it the exit code.
func endOfCampaign(s Streams, status app.CampaignStatus, f found, quiet bool) error {
	if !quiet && status.Left() == 0 {
		fmt.Fprintf(s.Out, "campaign %s: %s\n", status.Campaign, goingText(status))
	}
	if status.Failed > 0 {
		fmt.Fprintf(s.Err, "ewoks-hpc: %s of campaign %s failed\n", rowsText(status.Failed), status.Campaign)
		printReasons(s.Err, status.Summary)
		fmt.Fprintf(s.Err, "  hint: %s lists them, %s tries them again\n", f.command("rows "+f.name+" --where state=failed"), f.retryCommand())
	}
	switch {
	case status.Left() > 0:
		fmt.Fprintf(s.Err, "ewoks-hpc: campaign %s is %s, %s left; %s goes on\n", status.Campaign, status.Phase, rowsText(status.Left()), f.command("resume "+f.name))
		return nil
	case status.Failed > 0:
		return failedError{exitFailed}
	case status.Cancelled > 0:
		fmt.Fprintf(s.Err, "ewoks-hpc: campaign %s was cancelled, %s were not done\n", status.Campaign, rowsText(status.Cancelled))
		return failedError{exitInfra}
	case status.Skipped > 0:
		fmt.Fprintf(s.Err, "ewoks-hpc: campaign %s was stopped, %s were skipped\n", status.Campaign, rowsText(status.Skipped))
		return failedError{exitFailed}
	}
	return nil
}

func printReasons(w io.Writer, s campaign.Summary) {
	for _, r := range s.Reasons {
		fmt.Fprintf(w, "  %s, for example row %d\n", r, r.Example)
	}
	if s.OtherReasons > 0 {
		fmt.Fprintf(w, "  %dx for other reasons\n", s.OtherReasons)
	}
}
