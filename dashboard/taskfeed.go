package dashboard

import (
	"encoding/json"
	"slices"
	"strconv"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/task"
)

// maxStream is how many attempts a watcher of the task stream gets at first.
const maxStream = 10_000

// taskFeed is the stream of attempts. Its differences are more of the same, which
// watchers append.
type taskFeed struct {
	source Attempts
	seen   uint64
}

func newTaskFeed(source Attempts) feed {
	_, newest := source.Attempts(0, 0)
	return &taskFeed{source, newest}
}

func (f *taskFeed) snapshot() []byte {
	list, newest := f.source.Attempts(f.seen-min(f.seen, maxStream), 2*maxStream)
	late := min(newest-f.seen, uint64(len(list))) // advance will bring them
	return packed(list[:len(list)-int(late)], f.seen)
}

func (f *taskFeed) advance() (string, []byte, error) {
	list, newest := f.source.Attempts(f.seen, 2*maxStream)
	f.seen = newest
	if len(list) == 0 {
		return "", nil, nil
	}
	return "append", packed(list, newest), nil
}

// tasks are attempts in a form that is a tenth as long as theirs: rows of numbers,
// with texts in a list.
type tasks struct {
	// Newest is the number of the last row, Base the time in milliseconds since 1970
	// from which theirs count.
	Newest uint64   `json:"newest"`
	Base   int64    `json:"base"`
	Texts  []string `json:"texts"`
	// Rows are worker, label and run (positions in Texts; a row of a campaign is
	// CAMPAIGN/ROW instead of its run), start and duration (ms),
	// state (position in taskStates), task and try.
	Rows [][8]int64 `json:"rows"`
}

// runOf names what an attempt is of, so that a page can lead there.
func runOf(a *task.Attempt) string {
	if a.Campaign != "" {
		return a.Campaign + "/" + strconv.Itoa(a.Row)
	}
	return a.Run
}

// taskStates are the states of rows, in their order.
var taskStates = []string{"succeeded", "failed", "lost", "skipped"}

func packed(list []task.Attempt, newest uint64) []byte {
	list = list[max(0, len(list)-2*maxStream):]
	t := tasks{Newest: newest, Texts: []string{}, Rows: make([][8]int64, 0, len(list))}
	if len(list) > 0 {
		t.Base = list[0].Ended.UnixMilli()
	}
	known := map[string]int64{}
	text := func(s string) int64 {
		i, ok := known[s]
		if !ok {
			i = int64(len(t.Texts))
			known[s] = i
			clip(maxName, &s)
			t.Texts = append(t.Texts, s)
		}
		return i
	}
	for i := range list {
		a := &list[i]
		started := a.Started
		if started.IsZero() {
			started = a.Ended
		}
		t.Rows = append(t.Rows, [8]int64{
			text(a.Worker), text(nameOf(a)), text(runOf(a)), started.UnixMilli() - t.Base, int64(a.Ended.Sub(started) / time.Millisecond),
			int64(slices.Index(taskStates, a.Status)), int64(a.Task), int64(a.Number),
		})
	}
	out, err := json.Marshal(t)
	if err != nil {
		return []byte("null")
	}
	return out
}
