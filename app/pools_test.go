package app

import (
	"slices"
	"strings"
	"testing"

	"github.com/ewoks-hpc/ewoks-hpc/jobscript"
	"github.com/ewoks-hpc/ewoks-hpc/resource"
)

func TestDevices(t *testing.T) {
	for _, test := range []struct {
		n    int
		env  map[string]string
		want []string
	}{
		{0, map[string]string{"CUDA_VISIBLE_DEVICES": "0,1"}, nil},
		{2, nil, []string{"0", "1"}},
		{2, map[string]string{"CUDA_VISIBLE_DEVICES": "3,GPU-x,5", "SLURM_STEP_GPUS": "7"}, []string{"3", "GPU-x"}},
		{2, map[string]string{"SLURM_JOB_GPUS": "4"}, []string{"4"}},
		{1, map[string]string{"CUDA_VISIBLE_DEVICES": "NoDevFiles"}, []string{"0"}},
	} {
		if got := devices(test.n, func(name string) string { return test.env[name] }); !slices.Equal(got, test.want) {
			t.Errorf("%d of %v: %q", test.n, test.env, got)
		}
	}
}

func TestVisibleInContainers(t *testing.T) {
	getenv := func(name string) string { return map[string]string{"APPTAINER_BIND": "/data,/store"}[name] }
	if got := visible("/usr/bin/python3", getenv, "/store"); got != nil {
		t.Errorf("without a container: %q", got)
	}
	if got := visible("/opt/bin/apptainer", getenv, "/store", "", "/work", "/a:b"); !slices.Equal(got, []string{"APPTAINER_BIND=/data,/store,/work"}) {
		t.Errorf("in a container: %q", got)
	}
}

// What the router knows of a pool is what its workers will have.
func TestRouterOfPools(t *testing.T) {
	o := ClusterOptions{
		PoolOptions: PoolOptions{Pool: jobscript.Pool{Name: "cpu", Cores: 8, Processes: 4, Memory: "16GB"}},
		More:        []PoolOptions{{Pool: jobscript.Pool{Name: "gpu", Cores: 4, Gres: "gpu:2"}}},
	}
	pools := o.router().Pools
	if want := (resource.Capacity{Slots: 8, Cores: 8, Memory: 16e9}); pools[0].Capacity != want || pools[0].Name != "cpu" {
		t.Errorf("%+v", pools[0])
	}
	if want := (resource.Capacity{Slots: 2, Cores: 4, GPUs: 2}); pools[1].Capacity != want || o.poolNamed("gpu") != &o.More[0] {
		t.Errorf("%+v", pools[1])
	}
	if lines := o.homeless(map[string]int{"cpu": 1, "old": 2, "": 3}); len(lines) != 1 || !strings.Contains(lines[0], "pool old") {
		t.Errorf("notices %q", lines)
	}
	o.Local, o.Processes, o.Threads, o.Jobs = true, 1, 3, 1
	if p := o.router().Pools[0]; p.Slots != 3 || p.Cores != 8 {
		t.Errorf("a local worker has %+v", p)
	}
}
