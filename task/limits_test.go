package task_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/ewoks-hpc/ewoks-hpc/task"
)

func TestHelloLimits(t *testing.T) {
	long := strings.Repeat("x", 5000)
	good := func() task.Hello {
		return task.Hello{Version: 1, Worker: "L-0.p", Key: "L", Index: "0", Host: "here", Slots: task.MaxSlots, Python: "/usr/bin/python3"}
	}
	if h, err := task.DecodeHello(task.EncodeJSON(good())); err != nil || h != good() {
		t.Errorf("%+v, %v", h, err)
	}
	for name, change := range map[string]func(*task.Hello){
		"worker":   func(h *task.Hello) { h.Worker = long },
		"key":      func(h *task.Hello) { h.Key = long },
		"job":      func(h *task.Hello) { h.Job = long },
		"index":    func(h *task.Hello) { h.Index = long },
		"restart":  func(h *task.Hello) { h.Restart = long },
		"pool":     func(h *task.Hello) { h.Pool = long },
		"host":     func(h *task.Hello) { h.Host = long },
		"python":   func(h *task.Hello) { h.Python = long },
		"0 slots":  func(h *task.Hello) { h.Slots = 0 },
		"-1 slots": func(h *task.Hello) { h.Slots = -1 },
		"65537":    func(h *task.Hello) { h.Slots = task.MaxSlots + 1 },
	} {
		h := good()
		change(&h)
		if _, err := task.DecodeHello(task.EncodeJSON(h)); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := task.DecodeHello([]byte("x")); err == nil {
		t.Error("what is no message was taken for a hello")
	}
}

func turnFrame(turn, results string) []byte {
	return task.AppendFrame(nil, task.Frame{Header: fmt.Appendf(nil, `{"turn":%s,"results":%s}`, turn, results)})
}

func list(item string, n int) string {
	return "[" + strings.TrimSuffix(strings.Repeat(item+",", n), ",") + "]"
}

func TestTurnLimits(t *testing.T) {
	for name, c := range map[string]struct {
		turn, results string
		want          string // in the error; empty: none
	}{
		"largest":         {`{"worker":"w","free":65536,"ahead":65536,"holding":` + list(`"r/1"`, task.MaxIDs) + `}`, "[]", ""},
		"results":         {`{}`, list("{}", task.MaxResults), ""},
		"commas in text":  {`{}`, `[{"so":"` + strings.Repeat(`,[\\\",`, task.MaxResults) + `"}]`, ""},
		"too many":        {`{}`, list("{}", task.MaxResults+1), "65537 items"},
		"too many spaced": {`{}`, list(" {\"so\":\"]\"} ", task.MaxResults+1), "65537 items"},
		"holding":         {`{"holding":` + list(`"r/1"`, task.MaxIDs+1) + `}`, "[]", "in holding"},
		"returned":        {`{"returned":` + list(`"r/1"`, task.MaxIDs+1) + `}`, "[]", "in returned"},
		"negative free":   {`{"free":-1}`, "[]", "-1 free"},
		"much free":       {`{"free":65537}`, "[]", "65537 free"},
		"negative ahead":  {`{"ahead":-1}`, "[]", "-1 ahead"},
		"much ahead":      {`{"ahead":1000000000000}`, "[]", "1000000000000 ahead"},
		"deep":            {`{}`, strings.Repeat("[", 20_000) + strings.Repeat("]", 20_000), "depth"},
	} {
		_, err := task.DecodeTurn(turnFrame(c.turn, c.results))
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}
