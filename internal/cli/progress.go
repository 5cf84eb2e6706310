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
}

// lineInterval is the time between two lines of progress.
const lineInterval = 5 * time.Second

func newProgress(w io.Writer, quiet bool, total int) *progress {
	p := &progress{w: w, quiet: quiet, total: total, begun: time.Now()}
	p.next = p.begun.Add(lineInterval)
	if f, ok := w.(*os.File); ok && !quiet && term.IsTerminal(int(f.Fd())) {
		p.bar = progressbar.NewOptions(total,
			progressbar.OptionSetWriter(w), progressbar.OptionShowCount(), progressbar.OptionShowIts(),
			progressbar.OptionSetItsString("tasks"), progressbar.OptionThrottle(100*time.Millisecond),
			progressbar.OptionClearOnFinish(), progressbar.OptionSetWidth(30), progressbar.OptionSetDescription("tasks"))
	}
	return p
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
	if news.Counts.Succeeded == p.done {
		return
	}
	p.done = news.Counts.Succeeded
	if p.bar != nil {
		_ = p.bar.Set(min(p.done, p.total))
		return
	}
	if now := time.Now(); now.After(p.next) {
		p.next = now.Add(lineInterval)
		fmt.Fprintf(p.w, "%d of %d tasks done after %s\n", p.done, p.total, time.Since(p.begun).Round(time.Second))
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
}

func (p *progress) finish() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.bar != nil {
		_ = p.bar.Clear()
	}
	if !p.quiet && p.done == p.total {
		fmt.Fprintf(p.w, "%s done in %s\n", count(p.done, "task", "tasks"), time.Since(p.begun).Round(10*time.Millisecond))
	}
}
