package resource_test

import (
	"encoding/json"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/resource"
)

func random(t *testing.T) *rand.Rand {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	return rand.New(rand.NewPCG(seed, 0))
}

func TestSet(t *testing.T) {
	for _, test := range []struct {
		text string
		want resource.Need
		err  string // part of the message
	}{
		{`{"cores": 4, "memory": "4GB", "gpus": 1, "time_limit": "00:10:00", "pool": "gpu"}`,
			resource.Need{Cores: 4, Memory: 4e9, GPUs: 1, TimeLimit: 10 * time.Minute, Pool: "gpu"}, ""},
		{`{"nodes": 2}`, resource.Need{Nodes: 2}, ""},
		{`{"nodes": 0}`, resource.Need{}, "nodes must be a whole number from 1 up"},
		{`{"time_limit": 90, "memory": 1024}`, resource.Need{TimeLimit: 90 * time.Second, Memory: 1024}, ""},
		{`{"time_limit": 0.5, "memory": "2GiB"}`, resource.Need{TimeLimit: time.Second / 2, Memory: 2 << 30}, ""},
		{`{"time_limit": "1-12"}`, resource.Need{TimeLimit: 36 * time.Hour}, ""},
		{`{"gpus": 0, "cores": null}`, resource.Need{}, ""},
		{`{"cores": 0}`, resource.Need{}, "cores must be a whole number from 1 up"},
		{`{"cores": 1.5}`, resource.Need{}, "cores must be a whole number"},
		{`{"cores": "4"}`, resource.Need{}, "cores must be a whole number"},
		{`{"cores": 1e400}`, resource.Need{}, "cores must be a whole number"},
		{`{"gpus": -1}`, resource.Need{}, "gpus must be a whole number"},
		{`{"memory": "4"}`, resource.Need{}, "has no unit"},
		{`{"memory": true}`, resource.Need{}, "memory must be a text"},
		{`{"time_limit": "30"}`, resource.Need{}, "minutes or seconds"},
		{`{"time_limit": 0}`, resource.Need{}, "out of range"},
		{`{"time_limit": 1e300}`, resource.Need{}, "out of range"},
		{`{"time_limit": -1}`, resource.Need{}, "out of range"},
		{`{"pool": ""}`, resource.Need{}, "name of a pool"},
		{`{"core": 4}`, resource.Need{}, `unknown key "core"`},
	} {
		var n resource.Need
		err := json.Unmarshal([]byte(test.text), &n)
		if test.err == "" && (err != nil || n != test.want) || test.err != "" && (err == nil || !strings.Contains(err.Error(), test.err)) {
			t.Errorf("%s gives %+v, %v", test.text, n, err)
		}
	}
}

// What is written is read again as it was.
func TestRoundTrip(t *testing.T) {
	r := random(t)
	for range 2000 {
		want := resource.Need{
			Cores: r.IntN(100), GPUs: r.IntN(9), Nodes: r.IntN(3), Pool: []string{"", "cpu", `a"b`}[r.IntN(3)],
			Memory: resource.Bytes(r.Int64N(1 << 50)), TimeLimit: time.Duration(r.Int64N(1e6)) * time.Millisecond,
		}
		if r.IntN(2) == 0 {
			want.Memory = resource.Bytes(r.Int64N(1000)) * []resource.Bytes{1e3, 1e6, 1e9, 1 << 20, 1 << 30, 1e12}[r.IntN(6)]
		}
		text, err := json.Marshal(want)
		var got resource.Need
		if err == nil {
			err = json.Unmarshal(text, &got)
		}
		if err != nil || got != want {
			t.Fatalf("%+v is written %s and read %+v, %v", want, text, got, err)
		}
	}
}

// Globs mean what the corresponding regular expressions do.
func TestGlob(t *testing.T) {
	r := random(t)
	letters := func(n int, of string) string {
		var b strings.Builder
		for range r.IntN(n) {
			b.WriteByte(of[r.IntN(len(of))])
		}
		return b.String()
	}
	matches := 0
	for range 20000 {
		pattern, text := letters(6, "ab*?"), letters(8, "ab/")
		expression := strings.NewReplacer("*", ".*", "?", ".").Replace(pattern)
		want := regexp.MustCompile("^(?:" + expression + ")$").MatchString(text)
		if got := resource.Glob(pattern, text); got != want {
			t.Fatalf("%q describes %q: %v", pattern, text, got)
		}
		if want {
			matches++
		}
	}
	if matches < 100 {
		t.Errorf("only %d matches", matches)
	}
}

// Whatever fits by Room is never more than there is, and what is left is too little
// for one more. Slots that say nothing fill a worker exactly.
func TestRoom(t *testing.T) {
	r := random(t)
	for range 5000 {
		c := resource.Capacity{Slots: 1 + r.IntN(8), Cores: r.IntN(64), GPUs: r.IntN(5), Memory: resource.Bytes(r.Int64N(1 << 40))}
		if got := c.Room(resource.Use{}, c.Of(resource.Need{})); got != c.Slots {
			t.Fatalf("%+v has room for %d tasks that say nothing", c, got)
		}
		cores, gpus, memory := 0, 0, resource.Bytes(0)
		var used resource.Use
		for range 20 {
			n := resource.Need{Cores: 1 + r.IntN(max(1, c.Cores)), GPUs: r.IntN(c.GPUs + 1), Memory: 1 + resource.Bytes(r.Int64N(1<<39))}
			if n.GPUs == 0 {
				n.GPUs = c.OwnGPUs()
			}
			if c.Room(used, c.Of(n)) > 0 {
				used = used.Plus(c.Of(n))
				cores, gpus, memory = cores+n.Cores, gpus+n.GPUs, memory+n.Memory
			}
		}
		if all := max(c.Cores, c.Slots); cores > all || gpus > c.GPUs || c.Memory > 1<<20 && memory > c.Memory {
			t.Fatalf("%+v holds %d cores, %d GPUs, %s", c, cores, gpus, memory)
		}
	}
}

func TestFitsAlone(t *testing.T) {
	r := random(t)
	for range 5000 {
		c := resource.Capacity{Slots: 1 + r.IntN(8), Cores: r.IntN(16), GPUs: r.IntN(3), Memory: resource.Bytes(r.Int64N(8)) << 30}
		n := resource.Need{Cores: r.IntN(20), GPUs: r.IntN(4), Memory: resource.Bytes(r.Int64N(9)) << 30}
		if r.IntN(2) == 0 { // not whole KiB, and all that there is
			c.Memory = 1<<20 + resource.Bytes(r.Int64N(1e9))
			n.Memory = c.Memory + resource.Bytes(r.IntN(2))*2048
		}
		if fits, room := c.Fits(n), c.Room(resource.Use{}, c.Of(n)); fits != (room > 0) {
			t.Fatalf("%+v: %+v fits %v, room for %d", c, n, fits, room)
		}
		if slots := c.SlotsOf(n); c.Fits(n) && slots > c.Slots {
			t.Fatalf("%+v: %+v takes %d slots", c, n, slots)
		}
	}
}

func TestPlace(t *testing.T) {
	pools := []resource.Pool{
		{Name: "gpu", Capacity: resource.Capacity{Slots: 1, Cores: 4, GPUs: 1}, Walltime: time.Hour},
		{Name: "cpu", Capacity: resource.Capacity{Slots: 8, Cores: 8, Memory: 16e9}},
		{Name: "big", Capacity: resource.Capacity{Slots: 4, Cores: 32, Memory: 256e9}},
	}
	rules := []resource.Rule{
		{Node: "*_gpu", Need: resource.Need{Pool: "gpu"}},
		{Task: "fit.*", Label: "slow*", Need: resource.Need{Cores: 16}},
		{Task: "fit.*", Need: resource.Need{Cores: 2, TimeLimit: time.Minute}},
	}
	for _, test := range []struct {
		subject resource.Subject
		need    resource.Need
		want    string // pool, or part of the error
		cores   int
	}{
		{resource.Subject{}, resource.Need{}, "cpu", 0},
		{resource.Subject{}, resource.Need{GPUs: 1}, "gpu", 0},
		{resource.Subject{}, resource.Need{Cores: 9}, "big", 9},
		{resource.Subject{}, resource.Need{Memory: 17e9}, "big", 0},
		{resource.Subject{Node: "a_gpu"}, resource.Need{}, "gpu", 0},
		{resource.Subject{Node: "a_gpu"}, resource.Need{Pool: "cpu"}, "cpu", 0},
		{resource.Subject{Task: "fit.x", Label: "slow one"}, resource.Need{}, "big", 16},
		{resource.Subject{Task: "fit.x"}, resource.Need{}, "cpu", 2},
		{resource.Subject{Task: "fit.x"}, resource.Need{Cores: 1}, "cpu", 1},
		{resource.Subject{}, resource.Need{Cores: 33}, "pool gpu has 4 cores; pool cpu has 8 cores; pool big has 32 cores", 0},
		{resource.Subject{}, resource.Need{GPUs: 2}, "pool gpu has 1 GPU; pool cpu has no GPU", 0},
		{resource.Subject{Node: "x"}, resource.Need{Pool: "none"}, `node "x" asks for pool none: the cluster has no such pool`, 0},
		{resource.Subject{}, resource.Need{GPUs: 1, TimeLimit: time.Hour}, "which leaves 59m30s for a task", 0},
		{resource.Subject{}, resource.Need{GPUs: 1, TimeLimit: 59 * time.Minute}, "gpu", 0},
	} {
		got, err := resource.Router{Rules: rules, Pools: pools}.Place(test.subject, test.need)
		if err != nil && !strings.Contains(err.Error(), test.want) || err == nil && (got.Pool != test.want || got.Cores != test.cores) {
			t.Errorf("%+v %+v: %+v, %v", test.subject, test.need, got, err)
		}
		if err != nil && !strings.Contains(err.Hint(), "cpu (8 slots, 8 cores, 16GB of memory)") {
			t.Errorf("hint of %v: %s", err, err.Hint())
		}
	}
	if got, err := (resource.Router{}).Place(resource.Subject{}, resource.Need{Cores: 1e6}); err != nil || got.Pool != "" {
		t.Errorf("without pools: %+v, %v", got, err)
	}
}
