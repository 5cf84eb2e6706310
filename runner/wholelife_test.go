package runner_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/internal/ewokstest"
	"github.com/ewoks-hpc/ewoks-hpc/task"
)

// single is a document of one node, and inputs of it.
func single(name string) string { return wholeCase{nodes: step("n", name, "")}.document() }

func inputs(pairs ...string) task.Whole {
	var list []string
	for i := 0; i < len(pairs); i += 2 {
		list = append(list, fmt.Sprintf(`{"id":"n","name":%q,"value":%s}`, pairs[i], pairs[i+1]))
	}
	return task.Whole{Inputs: json.RawMessage("[" + strings.Join(list, ",") + "]")}
}

func quoted(text string) string {
	b, _ := json.Marshal(text)
	return string(b)
}

// pids waits for the ids of the processes that steps.hold leaves in a file.
func pids(t *testing.T, path string) (list []int) {
	t.Helper()
	err := ewokstest.Wait("a task that holds", func() error {
		text, err := os.ReadFile(path)
		for _, f := range strings.Fields(string(text)) {
			pid, _ := strconv.Atoi(f)
			list = append(list, pid)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// gone waits for the end of processes.
func gone(t *testing.T, list []int) {
	t.Helper()
	for _, pid := range list {
		err := ewokstest.Wait(fmt.Sprint("the end of process ", pid), func() error {
			if _, err := os.Stat(fmt.Sprintf("/proc/%d", pid)); err == nil {
				return errors.New("it is there")
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	}
}

// A run that is stopped has no result; its tasks end, with all that they have started.
func TestWholeStop(t *testing.T) {
	x := startWhole(t, 1, "")
	path := filepath.Join(t.TempDir(), "pids")
	held := x.request(1, x.keep(single("hold")), inputs("path", quoted(path)))
	queued := x.request(2, x.keep(single("add")), task.Whole{})
	x.Submit([]*task.Request{held, queued, x.request(3, x.keep(single("add")), task.Whole{})})
	list := pids(t, path)
	x.Stop([]task.ID{held.ID, queued.ID})
	if r := x.collect(1)[0]; r.Run != "row3" || r.Status != task.Succeeded {
		t.Errorf("%s: %+v", r.ID, r)
	}
	gone(t, list)
	x.Close()
	if len(x.results) > 0 {
		t.Errorf("a result more: %+v", <-x.results)
	}
}

// A run that takes too long as a whole is ended where it is.
func TestWholeLimit(t *testing.T) {
	x := startWhole(t, 1, "")
	path := filepath.Join(t.TempDir(), "pids")
	held := x.request(1, x.keep(wholeCase{nodes: addA + "," + step("n", "hold", ""), links: link("a", "n", `"required":true`)}.document()), inputs("path", quoted(path)))
	held.Limit = 400 * time.Millisecond
	x.Submit([]*task.Request{held, x.request(2, x.keep(single("add")), task.Whole{})})
	list := pids(t, path)
	results := x.collect(2)
	if f := results[0].Failure; f.Cause != task.Timeout || f.Node != "n" || !strings.Contains(f.Message, "400ms") || f.Advice == "" {
		t.Errorf("%+v", f)
	}
	if steps := results[0].Steps; len(steps) != 1 || steps[0].Node != "a" {
		t.Errorf("steps %+v", steps)
	}
	if r := results[1]; r.Status != task.Succeeded {
		t.Errorf("the next: %+v", r.Failure)
	}
	gone(t, list)
}

// What has not begun can be taken back; what has begun goes on.
func TestWholeWithdraw(t *testing.T) {
	x := startWhole(t, 1, "")
	dir := t.TempDir()
	mine, other := filepath.Join(dir, "mine"), filepath.Join(dir, "other")
	reqs := []*task.Request{x.request(1, x.keep(single("meet")), inputs("mine", quoted(mine), "other", quoted(other)))}
	for i := range 5 {
		reqs = append(reqs, x.request(2+i, x.keep(single("add")), task.Whole{}))
	}
	x.Submit(reqs)
	if err := ewokstest.Wait("the first run", func() error { _, err := os.Stat(mine); return err }); err != nil {
		t.Fatal(err)
	}
	last := reqs[5].ID
	if ids := x.Withdraw(func(r *task.Request) bool { return r.ID != last }); fmt.Sprint(ids) != "[row2/1 row3/1 row4/1 row5/1]" {
		t.Errorf("withdrawn %v", ids)
	}
	if err := os.WriteFile(other, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if results := x.collect(2); results[0].Run != "row1" || results[1].Run != "row6" {
		t.Errorf("results of %s and %s", results[0].ID, results[1].ID)
	}
}

// Lanes work at the same time, each with one interpreter, and no more than are needed.
func TestWholeLanes(t *testing.T) {
	x := startWhole(t, 16, "")
	dir := t.TempDir()
	id := x.keep(single("meet"))
	a, b := quoted(filepath.Join(dir, "a")), quoted(filepath.Join(dir, "b"))
	x.Submit([]*task.Request{x.request(1, id, inputs("mine", a, "other", b))})
	x.Submit([]*task.Request{x.request(2, id, inputs("mine", b, "other", a))})
	for _, r := range x.collect(2) {
		if r.Status != task.Succeeded {
			t.Errorf("%s: %+v", r.ID, r.Failure)
		}
	}
	seen := map[string]bool{}
	for i := range 10 {
		x.Submit([]*task.Request{x.request(3+i, x.keep(single("pid")), task.Whole{})})
		seen[string(x.collect(1)[0].Shown[0].JSON)] = true
	}
	if n := x.starts.Load(); n != 2 || len(seen) > 2 {
		t.Errorf("%d interpreters were started, %d used", n, len(seen))
	}
}

// Tasks that were read ahead of a failure do not reach into the next run, and the
// interpreter survives; one that is busy with what nobody wants does not.
func TestWholeAfterFailure(t *testing.T) {
	x := startWhole(t, 1, "")
	pid := func() string { return string(x.execute(single("pid"), task.Whole{}).Shown[0].JSON) }
	before := pid()
	nodes := []string{step("bad", "fail", "")}
	for i := range 300 {
		nodes = append(nodes, step(fmt.Sprint("n", i), "say", `{"name":"text","value":"x"}`))
	}
	if r := x.execute(wholeCase{nodes: strings.Join(nodes, ",")}.document(), task.Whole{}); r.Failure.Node != "bad" || len(r.Steps) != 1 {
		t.Errorf("%+v", r)
	}
	if after := pid(); after != before {
		t.Errorf("process %s executes after a failure in %s", after, before)
	}
	busy := wholeCase{
		nodes: addA + "," + addB + "," + step("slow", "sleep", `{"name":"seconds","value":1000}`),
		links: link("a", "b", `"data_mapping":[{"source_output":"other","target_input":"a"}]`),
	}
	if r := x.execute(busy.document(), task.Whole{}); r.Failure.Node != "a" {
		t.Errorf("%+v", r)
	}
	if after := pid(); after == before {
		t.Errorf("process %s executes, which sleeps", after)
	}
}

// A document is read once as long as it is used, and not for ever.
func TestWholeDocuments(t *testing.T) {
	x := startWhole(t, 1, "")
	ids := make([]string, 5)
	execute := func(i int) task.Result {
		x.Submit([]*task.Request{x.request(i, ids[i], task.Whole{})})
		return x.collect(1)[0]
	}
	remove := func(i int) {
		path, err := task.DocumentPath(x.store, ids[i])
		if err == nil {
			err = os.Remove(path)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	for i := range ids {
		ids[i] = x.keep(wholeCase{nodes: step("n", "add", fmt.Sprintf(`{"name":"a","value":%d}`, i))}.document())
	}
	for i := range 4 {
		execute(i)
		remove(i)
	}
	if r := execute(0); r.Status != task.Succeeded { // it is the one that was used last now
		t.Errorf("a document is read again: %+v", r.Failure)
	}
	execute(4)
	if r := execute(1); r.Status != task.Failed {
		t.Error("a document is kept for ever")
	}
	if r := execute(0); r.Status != task.Succeeded || string(r.Shown[0].JSON) != "0" {
		t.Errorf("%+v", r)
	}
	x.write(ids[1], wholeCase{nodes: step("n", "add", `{"name":"a","value":1}`)}.document())
	if r := execute(1); r.Status != task.Succeeded {
		t.Errorf("a document that came later is not read: %+v", r.Failure)
	}
}

// What a run prints and returns is bounded, as that of a task is.
func TestWholeBounds(t *testing.T) {
	x := startWhole(t, 1, "")
	var nodes []string
	for i := range 20 {
		nodes = append(nodes, step(fmt.Sprint("p", i), "shout", `{"name":"size","value":10000}`))
	}
	for i := range 3 {
		nodes = append(nodes, step(fmt.Sprint("l", i), "large", `{"name":"size","value":500000}`))
	}
	r := x.execute(wholeCase{nodes: strings.Join(nodes, ",")}.document(), task.Whole{})
	if n := len(r.Stdout); n > 66<<10 || n < 64<<10 || !strings.HasPrefix(r.Stdout, "[p0] x") || !strings.Contains(r.Stdout, "bytes cut") || !strings.HasSuffix(r.Stdout, "x\n") {
		t.Errorf("%d bytes were kept of what it printed", n)
	}
	if last := string(r.Shown[len(r.Shown)-1].JSON); len(r.Shown) != 23 || !strings.Contains(last, `"str"`) || len(last) > 100 {
		t.Errorf("%d outputs, the last %.100s", len(r.Shown), last)
	}
}

// The peak of a run is that of its largest task, and does not stay.
func TestWholePeak(t *testing.T) {
	x := startWhole(t, 1, "")
	const large = 200 << 20
	use := func(size string) task.Result {
		return x.execute(single("allocate"), inputs("size", size, "seconds", "0.03"))
	}
	r, small := use(fmt.Sprint(large)), use("1000000")
	if r.PeakMemory < large || small.PeakMemory == 0 || small.PeakMemory > large/2 {
		t.Errorf("peaks %d and %d, want at least %d and much less", r.PeakMemory, small.PeakMemory, large)
	}
	if s := r.Steps[0]; s.Duration < 30*time.Millisecond || s.Duration > r.Duration {
		t.Errorf("a step of %s in %s", s.Duration, r.Duration)
	}
}

// Close ends what is running, and all interpreters.
func TestWholeClose(t *testing.T) {
	x := startWhole(t, 2, "")
	path := filepath.Join(t.TempDir(), "pids")
	x.Submit([]*task.Request{x.request(1, x.keep(single("hold")), inputs("path", quoted(path)))})
	list := pids(t, path)
	x.Close()
	gone(t, list)
	x.Submit([]*task.Request{x.request(2, x.keep(single("add")), task.Whole{})})
	if len(x.results) > 0 || x.starts.Load() != 1 {
		t.Errorf("%d results, %d starts", len(x.results), x.starts.Load())
	}
}
