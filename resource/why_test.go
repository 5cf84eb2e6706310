package resource_test

import (
	"testing"

	"github.com/ewoks-hpc/ewoks-hpc/resource"
)

func TestWhy(t *testing.T) {
	pools := []resource.Pool{
		{Name: "cpu", Capacity: resource.Capacity{Slots: 4}},
		{Name: "big", Capacity: resource.Capacity{Slots: 1, Cores: 64}},
		{Name: "gpu", Capacity: resource.Capacity{Slots: 1, GPUs: 1}},
	}
	rules := []resource.Rule{{Task: "fit.*", Need: resource.Need{Pool: "big"}}, {Node: "train", Need: resource.Need{GPUs: 1}}}
	for name, c := range map[string]struct {
		subject resource.Subject
		need    resource.Need
		pool    string
		why     string
	}{
		"first":      {resource.Subject{Node: "a"}, resource.Need{}, "cpu", "the first that it fits"},
		"large":      {resource.Subject{Node: "a"}, resource.Need{Cores: 32}, "big", "the first that it fits"},
		"named":      {resource.Subject{Node: "a"}, resource.Need{Pool: "gpu"}, "gpu", "which the node names"},
		"rule":       {resource.Subject{Node: "a", Task: "fit.line"}, resource.Need{}, "big", `as the [[route]] says for task = "fit.*"`},
		"rule beats": {resource.Subject{Node: "a", Task: "fit.line"}, resource.Need{Pool: "gpu"}, "gpu", "which the node names"},
		"need":       {resource.Subject{Node: "train"}, resource.Need{}, "gpu", "the first that it fits"},
	} {
		r := resource.Router{Rules: rules, Pools: pools}
		placed, err := r.Place(c.subject, c.need)
		if err != nil || placed.Pool != c.pool {
			t.Fatalf("%s: went to %q, %v", name, placed.Pool, err)
		}
		if why := r.Why(c.subject, placed); why != c.why {
			t.Errorf("%s: %q, want %q", name, why, c.why)
		}
	}
	one := resource.Router{Pools: pools[:1]}
	if why := one.Why(resource.Subject{}, resource.Need{Pool: "cpu"}); why != "the only one" {
		t.Error(why)
	}
	if why := one.Why(resource.Subject{}, resource.Need{Pool: "gone"}); why != "which the cluster does not have" {
		t.Error(why)
	}
}
