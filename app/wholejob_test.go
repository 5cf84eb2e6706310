package app

import (
	"slices"
	"testing"

	"github.com/ewoks-hpc/ewoks-hpc/worker"
)

// Tasks of a whole job may use as many threads as each process that srun starts, and no
// folder that only the first node has.
func TestInterpretersOfAWholeJob(t *testing.T) {
	t.Setenv("SLURM_CPUS_PER_TASK", "3")
	t.Setenv("SRUN_CPUS_PER_TASK", "")
	t.Setenv("OMP_NUM_THREADS", "")
	t.Setenv("TMPDIR", "/scratch/of/the/worker")
	last := func(o WorkerOptions, name string) (value string) {
		for _, v := range o.interpreters([]string{"/usr/bin/python3"}, worker.Seat{Cores: 16}).Env {
			if len(v) > len(name) && v[:len(name)+1] == name+"=" {
				value = v[len(name)+1:]
			}
		}
		return value
	}
	names := []string{"OMP_NUM_THREADS", "SRUN_CPUS_PER_TASK", "TMPDIR"}
	for _, test := range []struct {
		o    WorkerOptions
		want []string
	}{
		{WorkerOptions{Processes: 1, Threads: 1}, []string{"16", "", "/scratch/of/the/worker"}},
		{WorkerOptions{Processes: 1, Threads: 1, Nodes: 2}, []string{"3", "3", "/tmp"}},
		{WorkerOptions{Processes: 1, Threads: 1, Nodes: 1, tmpdir: "/before"}, []string{"3", "3", "/before"}},
		{WorkerOptions{Processes: 1, Threads: 1, Nodes: 1, tmpdir: "/before", LocalDirectory: "/local"}, []string{"3", "3", "/local"}},
	} {
		var got []string
		for _, name := range names {
			got = append(got, last(test.o, name))
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("%+v: %v are %q, want %q", test.o, names, got, test.want)
		}
	}
	for text, want := range map[string]int{"": 1, "x": 1, "0": 1, "16": 16} {
		if got := jobCores(func(string) string { return text }); got != want {
			t.Errorf("SLURM_CPUS_PER_TASK=%s is %d cores", text, got)
		}
	}
}
