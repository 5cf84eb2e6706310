package cli

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"github.com/ewoks-hpc/ewoks-hpc/app"
)

// progress shows how far a run is: a bar on a terminal, a line now and then
// elsewhere. It also passes on what tasks print.
type progress struct {
	mu    sync.Mutex
	w     io.Writer
	quiet bool
	total int
	bar   *progressbar.ProgressBar
	begun time.Time
	next  time.Time
	done  int
	again int // attempts that failed and were followed by another
	ended chan struct{}
}

// drawInterval is the time between two pictures of the bar.
const drawInterval = 150 * time.Millisecond

// lineInterval is the time between two lines of progress.
const lineInterval = 5 * time.Second

func newProgress(w io.Writer, quiet bool, total int) *progress {
	p := &progress{w: w, quiet: quiet, total: total, begun: time.Now(), ended: make(chan struct{})}
	p.next = p.begun.Add(lineInterval)
	if f, ok := w.(*os.File); ok && !quiet && term.IsTerminal(int(f.Fd())) {
		p.bar = progressbar.NewOptions(total,
			progressbar.OptionSetWriter(w), progressbar.OptionShowCount(), progressbar.OptionShowIts(),
			progressbar.OptionSetItsString("tasks"),
			progressbar.OptionClearOnFinish(), progressbar.OptionSetWidth(30), progressbar.OptionSetDescription("tasks"))
		p.draw()
		go p.animate()
	}
	return p
}

// animate draws the bar from time to time, so that the time goes on while no task
// ends.
func (p *progress) animate() {
	ticker := time.NewTicker(drawInterval)
	defer ticker.Stop()
	for {
		select {
		case <-p.ended:
			return
		case <-ticker.C:
			p.mu.Lock()
			p.draw()
			p.mu.Unlock()
		}
	}
}

// draw brings the bar up to date. A loop may execute more tasks than there are
// nodes.
func (p *progress) draw() {
	select {
	case <-p.ended:
		return
	default:
	}
	if p.done >= p.total {
		p.bar.ChangeMax(p.done + 1)
	}
	if p.again > 0 {
		p.bar.Describe("tasks" + p.retries())
	}
	_ = p.bar.Set(p.done)
	_ = p.bar.RenderBlank()
}

func (p *progress) show(news app.Progress) {
	if p.quiet {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if news.Stdout != "" || news.Stderr != "" {
		p.print(news)
	}
	if news.Notice != "" {
		p.note(news.Notice)
		return
	}
	p.again = news.Counts.Retried
	if news.Counts.Succeeded == p.done {
		return
	}
	p.done = news.Counts.Succeeded
	if now := time.Now(); p.bar == nil && now.After(p.next) && p.done < p.total {
		p.next = now.Add(lineInterval)
		fmt.Fprintf(p.w, "%d of %d tasks done after %s%s\n", p.done, p.total, time.Since(p.begun).Round(time.Second), p.retries())
	}
}

// retries is the end of a line, if there were any.
func (p *progress) retries() string {
	if p.again == 0 {
		return ""
	}
	return ", " + count(p.again, "retry", "retries")
}

// note says why nothing is executed yet.
func (p *progress) note(text string) {
	if p.bar != nil {
		_ = p.bar.Clear()
	}
	fmt.Fprintf(p.w, "waiting: %s\n", text)
	if p.bar != nil {
		p.draw()
	}
}

// print passes on what a task printed, each line with the node it is from.
func (p *progress) print(news app.Progress) {
	if p.bar != nil {
		_ = p.bar.Clear()
	}
	for _, text := range []string{news.Stdout, news.Stderr} {
		for line := range strings.Lines(text) {
			fmt.Fprintf(p.w, "[%s] %s\n", news.Node, strings.TrimRight(line, "\r\n"))
		}
	}
	if p.bar != nil {
		p.draw()
	}
}

// finish takes the bar away and says how it went, if it went well.
func (p *progress) finish(well bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	close(p.ended)
	if p.bar != nil {
		_ = p.bar.Clear()
	}
	if !p.quiet && well {
		fmt.Fprintf(p.w, "%s done in %s%s\n", count(p.done, "task", "tasks"), time.Since(p.begun).Round(10*time.Millisecond), p.retries())
	}
}
