package dashboard

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"syscall"
	"testing"
	"time"
)

// TestServeLoad serves generated data to a program, if one asks for it: the tests of
// the page in a browser and bench/page. The variable holds what to generate; the end
// of standard input ends it. Standard output gets the links and, for each line that
// is read, the CPU time used so far.
func TestServeLoad(t *testing.T) {
	wanted := os.Getenv("EWOKS_HPC_PAGE_LOAD")
	if wanted == "" {
		t.Skip("for make page-test and bench/page")
	}
	var what struct {
		Workers, Tasks, Nodes int
		Rate                  float64
		Evil                  string
	}
	if err := json.Unmarshal([]byte(wanted), &what); err != nil {
		t.Fatal(err)
	}
	l := newLoad(what.Workers, what.Rate, what.Tasks)
	l.evil = what.Evil
	if what.Nodes > 0 {
		l.nodes = what.Nodes
	}
	h := New(l.options())
	s := NewServer(ServerOptions{Handler: h})
	if err := s.Start(); err != nil {
		t.Fatal(err)
	}
	fmt.Printf("%s %s\n", h.Link(s.Addr()), h.ReadOnlyLink(s.Addr()))
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		var u syscall.Rusage
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
			t.Fatal(err)
		}
		l.mu.Lock()
		fmt.Printf("%.4f %d %d\n", time.Duration(u.Utime.Nano()+u.Stime.Nano()).Seconds(), l.looks, l.ended)
		l.mu.Unlock()
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	s.Stop(ctx)
}
