package history_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/ewoks-hpc/ewoks-hpc/history"
	"github.com/ewoks-hpc/ewoks-hpc/task"
)

// The attempts at one row are found, whatever the texts of others say.
func TestReadRow(t *testing.T) {
	l := open(t, history.Options{})
	for i, row := range []int{0, 1, 12, 1, 123, 0, 12} {
		l.Add(task.Attempt{
			Run: fmt.Sprint("r", i), Campaign: "c", Row: row, Task: uint64(i), Number: 1, Status: "failed",
			Failure: task.Failure{Message: `"row":12 "row":1, "row":0`},
		})
	}
	l.Sync()
	for row, want := range map[int][]uint64{0: {0, 5}, 1: {1, 3}, 12: {2, 6}, 123: {4}, 2: nil} {
		var got []uint64
		for a, err := range l.ReadRow("c", row) {
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, a.Task)
		}
		if !slices.Equal(got, want) {
			t.Errorf("row %d: %v, want %v", row, got, want)
		}
	}
}

// What Recent returns has no gap, also if attempts come faster than it copies.
func TestRecentHasNoGap(t *testing.T) {
	l := open(t, history.Options{Recent: 1000})
	var adding sync.WaitGroup
	adding.Go(func() {
		for i := range uint64(200_000) {
			l.Add(task.Attempt{Run: "r", Task: i + 1})
		}
	})
	ended := make(chan struct{})
	go func() { adding.Wait(); close(ended) }()
	var after uint64
	for looks := 0; ; looks++ {
		list, next := l.Recent(after, 1<<30)
		for i := range list {
			if want := next - uint64(len(list)-1-i); list[i].Task != want {
				t.Fatalf("attempt %d of %d is number %d, want %d", i, len(list), list[i].Task, want)
			}
		}
		if after = next; after == 200_000 {
			t.Logf("%d looks", looks)
			break
		}
	}
	<-ended
}
