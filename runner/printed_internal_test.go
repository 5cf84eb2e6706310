package runner

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

// What is kept are the first and the last bytes of all that was printed.
func TestPrinted(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	for range 50 {
		var p printed
		var all strings.Builder
		for range r.IntN(40) {
			line := strings.Repeat(string(rune('a'+r.IntN(26))), r.IntN(1<<r.IntN(16)))
			end := []string{"", "\n"}[r.IntN(2)]
			p.add("n", line+end)
			if line+end != "" {
				fmt.Fprintf(&all, "[n] %s\n", line)
			}
		}
		want := all.String()
		if cut := len(want) - 2*keptText; cut > 0 {
			want = want[:keptText] + fmt.Sprintf("\n... %d bytes cut ...\n", cut) + want[len(want)-keptText:]
		}
		if got := p.text(); got != want {
			t.Fatalf("%d bytes kept of %d, want %d", len(got), all.Len(), len(want))
		}
		if len(p.tail) > 2*keptText+1 {
			t.Fatalf("%d bytes in memory", len(p.tail))
		}
	}
}
