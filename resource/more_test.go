package resource_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/ewoks-hpc/ewoks-hpc/resource"
)

var hungry = []resource.Pool{
	{Name: "cpu", Capacity: resource.Capacity{Slots: 8, Cores: 8, Memory: 16e9}},
	{Name: "big", Capacity: resource.Capacity{Slots: 4, Cores: 32, Memory: 64e9}},
	{Name: "gpu", Capacity: resource.Capacity{Slots: 1, Cores: 4, Memory: 99e9, GPUs: 1}},
	{Name: "mpi", Capacity: resource.Capacity{Slots: 1, Cores: 4, Memory: 80e9, Nodes: 2}},
}

// A task that runs out of memory again and again asks for more each time, and gets it
// until it has had all that there is.
func TestMore(t *testing.T) {
	rules := []resource.Rule{{Node: "ruled", Need: resource.Need{Pool: "cpu", Memory: 6e9}}}
	type place struct {
		pool   string
		cores  int
		memory resource.Bytes
	}
	for _, test := range []struct {
		name   string
		node   string
		need   resource.Need
		factor float64
		pools  []resource.Pool
		want   []place // of each attempt after the first; the one after them is refused
	}{
		{"declared", "", resource.Need{Memory: 6e9}, 2, hungry, []place{{"cpu", 0, 12e9}, {"big", 0, 24e9}, {"big", 0, 48e9}, {"gpu", 0, 96e9}, {"gpu", 0, 99e9}}},
		{"without GPUs", "", resource.Need{Memory: 30e9}, 2, hungry[:2], []place{{"big", 0, 60e9}, {"big", 0, 64e9}}},
		{"by half", "", resource.Need{Memory: 10e9}, 1.5, hungry[:1], []place{{"cpu", 0, 15e9}, {"cpu", 0, 16e9}}},
		{"of a named pool", "", resource.Need{Memory: 6e9, Pool: "cpu"}, 2, hungry, []place{{"cpu", 0, 12e9}, {"cpu", 0, 16e9}}},
		{"of a rule", "ruled", resource.Need{}, 4, hungry, []place{{"cpu", 0, 16e9}}},
		{"undeclared", "", resource.Need{}, 2, hungry[:2], []place{{"big", 0, 64e9}}},
		{"undeclared, of a named pool", "", resource.Need{Pool: "cpu"}, 2, hungry, []place{{"cpu", 0, 16e9}}},
		{"undeclared, with cores", "", resource.Need{Cores: 3}, 2, hungry[:1], []place{{"cpu", 3, 16e9}}},
		{"all there is", "", resource.Need{Memory: 16e9}, 2, hungry[:1], nil},
		{"one slot is all there is", "", resource.Need{}, 2, hungry[2:3], nil},
		{"a whole job is all there is", "", resource.Need{Nodes: 2, Memory: 1e9}, 2, hungry, nil},
		{"nobody counts", "", resource.Need{}, 2, []resource.Pool{{Name: "cpu", Capacity: resource.Capacity{Slots: 4, Cores: 8}}}, []place{{"cpu", 8, 0}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := resource.Router{Rules: rules, Pools: test.pools}
			s := resource.Subject{Node: test.node}
			asked, err := r.Place(s, test.need)
			if err != nil {
				t.Fatal(err)
			}
			for i, want := range test.want {
				asked = asked.Larger(test.factor) // as the engine does, which knows nothing of pools
				got, err := r.More(s, asked)
				if err != nil || got.Starved || got.Pool != want.pool || got.Cores != want.cores || got.Memory != want.memory {
					t.Fatalf("attempt %d: %+v, %v, want %+v", i+2, got, err, want)
				}
				if again, err := r.Place(s, got); err != nil || again.Pool != got.Pool {
					t.Errorf("attempt %d does not fit where it is: %+v, %v", i+2, again, err)
				}
			}
			if test.name == "nobody counts" {
				return
			}
			got, more := r.More(s, asked.Larger(test.factor))
			var most *resource.MemoryError
			if !errors.As(more, &most) || most.Hint() == "" {
				t.Errorf("at last: %+v, %v", got, more)
			}
		})
	}
}

func TestMoreElsewhere(t *testing.T) {
	n := resource.Need{Memory: 5, Pool: "gone", TimeLimit: 1}
	if got := n.Larger(1); got != n {
		t.Errorf("once as much is %+v", got)
	}
	// The pools are not those of before.
	var unfit *resource.UnfitError
	if _, err := (resource.Router{Pools: hungry}).More(resource.Subject{}, n.Larger(2)); !errors.As(err, &unfit) {
		t.Errorf("without its pool: %v", err)
	}
	// Without pools nobody knows how much there is.
	if got, err := (resource.Router{}).More(resource.Subject{}, resource.Need{}.Larger(2)); err != nil || got.Memory != 0 {
		t.Errorf("without pools: %+v, %v", got, err)
	}
	if got := (resource.Need{Memory: resource.All / 2}).Larger(3); got.Memory != resource.All {
		t.Errorf("more than all: %s", got.Memory)
	}
}

// Tasks that say nodes go to pools with a worker for the whole job, and only they, and
// those that name it.
func TestWholeJobs(t *testing.T) {
	pools := []resource.Pool{
		{Name: "mpi8", Capacity: resource.Capacity{Slots: 1, Cores: 16, Nodes: 8}},
		{Name: "cpu", Capacity: resource.Capacity{Slots: 8, Cores: 8}},
		{Name: "gpu2", Capacity: resource.Capacity{Slots: 1, Cores: 16, GPUs: 2, Nodes: 2}},
		{Name: "mpi4", Capacity: resource.Capacity{Slots: 1, Cores: 16, Nodes: 4}},
	}
	for _, test := range []struct {
		need resource.Need
		want string // pool, or the error
	}{
		{resource.Need{}, "cpu"},
		{resource.Need{Nodes: 1}, "mpi4"},
		{resource.Need{Nodes: 4, Cores: 16}, "mpi4"},
		{resource.Need{Nodes: 5}, "mpi8"},
		{resource.Need{Nodes: 2, GPUs: 1}, "gpu2"},
		{resource.Need{Pool: "mpi8"}, "mpi8"},
		{resource.Need{Pool: "mpi8", Nodes: 2}, "mpi8"},
		{resource.Need{Cores: 9}, `node "" asks for 9 cores: pool mpi8 is for tasks that say nodes, or that name it; pool cpu has 8 cores; pool gpu2 is`},
		{resource.Need{Nodes: 9}, `asks for 9 nodes: pool mpi8 has 8 nodes; pool cpu has no worker for a whole job (worker_per = "job"); pool gpu2 has 2 nodes`},
		{resource.Need{Nodes: 1, Cores: 17}, "pool mpi8 has 16 cores"},
		{resource.Need{Nodes: 2, Pool: "cpu"}, "pool cpu has no worker for a whole job"},
	} {
		got, err := resource.Router{Pools: pools}.Place(resource.Subject{}, test.need)
		if err == nil && got.Pool != test.want || err != nil && !strings.Contains(err.Error(), test.want) {
			t.Errorf("%v goes to %q, %v; want %q", test.need, got.Pool, err, test.want)
		}
	}
	whole := pools[0].Capacity
	for _, n := range []resource.Need{{}, {Nodes: 2}, {Cores: 1}, {Memory: 1, GPUs: 1}} {
		if room := whole.Room(resource.Use{}, whole.Of(n)); room != 1 || whole.SlotsOf(n) != 1 || whole.CoresOf(n) != 16 {
			t.Errorf("%v: room for %d, of %d slots, with %d cores", n, room, whole.SlotsOf(n), whole.CoresOf(n))
		}
	}
}
