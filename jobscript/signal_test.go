package jobscript_test

import (
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/jobscript"
)

// However early Slurm is, by up to a minute, the signal takes no more than a tenth of
// the walltime from the worker.
func TestWarning(t *testing.T) {
	for walltime, want := range map[time.Duration]int{
		time.Second: 0, time.Minute: 0, 5 * time.Minute: 0, 10 * time.Minute: 0,
		11 * time.Minute: 6, 15 * time.Minute: 30, 20 * time.Minute: 60, time.Hour: 60, 7 * 24 * time.Hour: 60,
	} {
		args := render(t, jobscript.Pool{Walltime: walltime}, worker).Args
		i := slices.IndexFunc(args, func(arg string) bool { return strings.HasPrefix(arg, "--signal=") })
		got := 0
		if i >= 0 {
			got, _ = strconv.Atoi(strings.TrimPrefix(args[i], "--signal=B:USR1@"))
		}
		if got != want || i >= 0 && got == 0 {
			t.Errorf("with a walltime of %s the signal is asked for %d s before the end, want %d", walltime, got, want)
		}
		if lead := time.Duration(got)*time.Second + time.Minute; i >= 0 && lead > walltime/10 {
			t.Errorf("with a walltime of %s the signal may come %s before the end", walltime, lead)
		}
	}
}

// What a worker for a whole job has, and what Slurm starts in it.
func TestWorkerPerJob(t *testing.T) {
	job := func(p jobscript.Pool) jobscript.Pool {
		p.WorkerPer = jobscript.WorkerPerJob
		return p
	}
	for _, test := range []struct {
		pool jobscript.Pool
		want string // of the directives and the capacity
	}{
		{job(jobscript.Pool{}), "--ntasks-per-node=1 | 1 whole node, each with 1 core"},
		{job(jobscript.Pool{Nodes: 2, Cores: 16}), "--ntasks-per-node=16 --cpus-per-task=1 | 2 whole nodes, each with 16 cores"},
		{job(jobscript.Pool{Nodes: 2, Cores: 16, Processes: 2, Memory: "4GB"}), "--ntasks-per-node=2 --cpus-per-task=8 | 2 whole nodes, each with 16 cores, 4GB of memory"},
		{job(jobscript.Pool{Nodes: 2, Cores: 8, Gres: "gpu:2"}), "--ntasks-per-node=2 --cpus-per-task=4 | 2 whole nodes, each with 8 cores, 2 GPUs"},
		{job(jobscript.Pool{Nodes: 2, Cores: 8, Processes: 4, JobExtraDirectives: []string{"--gpus-per-task=1", "-N 3"}}), "--ntasks-per-node=4 --cpus-per-task=2 | 3 whole nodes, each with 8 cores, 4 GPUs"},
		{job(jobscript.Pool{Nodes: 2, Cores: 8, JobExtraDirectives: []string{"--ntasks-per-node=1"}}), "--cpus-per-task=1 | 2 whole nodes, each with 8 cores"},
		{jobscript.Pool{Nodes: 2, Cores: 8, WorkerPer: jobscript.WorkerPerNode}, "--ntasks=2 --ntasks-per-node=1 --cpus-per-task=8 | 8 slots, 8 cores"},
	} {
		script := render(t, test.pool, worker)
		var got []string
		for _, arg := range script.Args[:slices.Index(script.Args, "--no-requeue")] {
			if strings.Contains(arg, "task") {
				got = append(got, arg)
			}
		}
		if text := strings.Join(got, " ") + " | " + test.pool.Capacity().String(); text != test.want {
			t.Errorf("%+v\ngives %s\nwant  %s", test.pool, text, test.want)
		}
		if perNode := strings.Contains(script.Text, "exec srun"); perNode != (test.pool.Workers() > 1) {
			t.Errorf("%d workers are started with srun: %t", test.pool.Workers(), perNode)
		}
	}
	if err := find(t, "worker_per").Set(new(jobscript.Pool), "slot"); err == nil || !strings.Contains(err.Error(), `"slot" is neither node nor job`) {
		t.Errorf("worker_per = slot: %v", err)
	}
}
