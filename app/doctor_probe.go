package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/broker"
	"github.com/ewoks-hpc/ewoks-hpc/jobscript"
	"github.com/ewoks-hpc/ewoks-hpc/slurm"
	"github.com/ewoks-hpc/ewoks-hpc/task"
)

// probe is one job that looks around on a node, and what was made for it.
type probe struct {
	o        DoctorOptions
	cli      *slurm.CLI
	teardown teardown
	dir      string // its files, within the state directory
	name     string // of the job
	script   string
	id       string // of the job array, once submitted
	begun    time.Time
	answers  chan []byte
}

// probe submits the job, waits for its answer and judges that.
func (d *doctor) probe(ctx context.Context) {
	key := task.NewKey()
	p := &probe{
		o: d.o, cli: d.cli, teardown: teardown{logger: d.o.Logger}, name: "ewoks-hpc-doctor-" + key,
		dir: filepath.Join(d.o.StateDir, "doctor-"+key), answers: make(chan []byte, 1),
	}
	var report *nodeReport
	d.check(ctx, checkProbe, []string{checkState, checkCommands, checkMunge, checkController, checkQueue, checkSubmission, checkBroker}, func(ctx context.Context) Finding {
		waiting, cancel := context.WithTimeout(ctx, d.o.ProbeTimeout)
		defer cancel()
		r, f := p.run(waiting, d)
		report = r
		return f
	})
	// What was made is taken away before anything is concluded, however it ended.
	if err := p.teardown.run(); err != nil {
		d.say(context.WithoutCancel(ctx), "clean-up", broken(err, fmt.Sprintf("see: squeue --name=%s; then remove %s", p.name, p.dir)))
	}
	if report != nil {
		d.judge(ctx, *report)
	}
}

func (p *probe) run(ctx context.Context, d *doctor) (*nodeReport, Finding) {
	if err := p.startBroker(d); err != nil {
		return nil, broken(err, "see the check of the broker")
	}
	if err := p.submit(ctx); err != nil {
		if ctx.Err() != nil {
			return nil, failed("Slurm is slow; try again, or give more time with --probe-timeout", "not submitted within %s", d.o.ProbeTimeout)
		}
		return nil, broken(err, "see the script with: ewoks-hpc job-script")
	}
	return p.wait(ctx)
}

// startBroker starts the real thing, with keys of its own: that of a cluster that
// is up is left alone.
func (p *probe) startBroker(d *doctor) error {
	made, err := makeFolders(p.dir)
	p.teardown.push("folders", func() error { return removeFolders(p.dir, made) })
	if err != nil {
		return fmt.Errorf("state directory: %w", err)
	}
	o, err := d.brokerOptions(p.dir)
	if err != nil {
		return err
	}
	server, err := broker.Start(o)
	if err != nil {
		return err
	}
	p.teardown.push("broker", server.Close)
	if err := server.Grant(p.name, 1); err != nil {
		return err
	}
	conn, err := server.Conn("doctor")
	if err != nil {
		return err
	}
	_, err = conn.Subscribe(broker.AllWork, p.serve)
	return err
}

// serve answers the questions for the time, and takes the report.
func (p *probe) serve(m broker.Msg) {
	_, verb, _ := broker.ParseWork(m.Subject)
	var answer []byte
	switch verb {
	case broker.Hello:
		answer, _ = json.Marshal(time.Now()) // a time always has JSON
	case broker.Turn:
		select {
		case p.answers <- m.Data:
		default: // on several nodes the first counts
		}
	}
	if err := m.Respond(answer); err != nil {
		p.o.Logger.Warn("probe not answered", "error", err)
	}
}

// makeFolders makes a folder with its parents, and returns those that it made, the
// innermost first.
func makeFolders(dir string) (made []string, err error) {
	for at := dir; ; at = filepath.Dir(at) {
		if _, err := os.Stat(at); !errors.Is(err, fs.ErrNotExist) {
			break
		}
		made = append(made, at)
	}
	return made, os.MkdirAll(dir, 0o700)
}

// removeFolders removes a folder with all that is in it, and those of its parents
// that were made for it and are empty.
func removeFolders(dir string, made []string) error {
	err := os.RemoveAll(dir)
	for _, parent := range made {
		if parent != dir && os.Remove(parent) != nil {
			break // somebody uses it by now
		}
	}
	return err
}

// Limits of the probe job. Its walltime is longer than it may ever take.
const (
	probeWalltime = 5 * time.Minute
	probeMemory   = 512 << 20 // bytes
)

// probePool is a pool whose jobs are small and otherwise the same: one core, little
// memory and a short walltime, in the same queue with the same options.
func probePool(p jobscript.Pool) jobscript.Pool {
	p.Cores, p.Processes, p.JobCPU, p.Nodes, p.Exclusive = 1, 1, 0, 0, false
	if p.Walltime == 0 || p.Walltime > probeWalltime {
		p.Walltime = probeWalltime
	}
	for _, memory := range []*string{&p.Memory, &p.JobMem} {
		if bytes, err := jobscript.ParseMemory(*memory); err == nil && bytes > probeMemory {
			*memory = "512M"
		}
	}
	return p
}

func (p *probe) render() (slurm.Submission, error) {
	binary, err := os.Executable()
	if err != nil {
		return slurm.Submission{}, fmt.Errorf("path of ewoks-hpc: %w", err)
	}
	fsys, err := p.o.templates()
	if err != nil {
		return slurm.Submission{}, err
	}
	pool := probePool(p.o.Pool)
	pool.JobName = p.name
	if pool.LogDirectory == "" {
		pool.LogDirectory = p.dir
	}
	script, err := jobscript.Render(pool, jobscript.Worker{
		Binary: binary, Verb: "doctor-probe", AccessFile: broker.JobAccess(broker.KeysDir(p.dir), broker.JobName(p.name, 0)), LaunchKey: p.name, Dir: p.o.Dir,
	}, fsys)
	if err != nil {
		return slurm.Submission{}, &InvalidError{Cause: err}
	}
	if script.LogDirectory != "" {
		if err := os.MkdirAll(script.LogDirectory, 0o700); err != nil {
			return slurm.Submission{}, fmt.Errorf("folder for the logs of jobs: %w", err)
		}
	}
	return slurm.Submission{Name: p.name, Script: script.Text, Dir: p.o.Dir}, nil
}

func (p *probe) submit(ctx context.Context) error {
	s, err := p.render()
	if err != nil {
		return err
	}
	p.begun, p.script = time.Now(), s.Script
	var lost bool
	p.teardown.push("probe job", func() error { return p.cancel(lost) })
	p.id, err = p.cli.Submit(ctx, s)
	lost = errors.Is(err, slurm.ErrAmbiguous)
	return err
}

// cancelTime bounds the end of the probe job.
const cancelTime = 60 * time.Second

// cancel ends the job if it is there. After a submission of unknown fate that takes
// a while to find out.
func (p *probe) cancel(lost bool) error {
	ctx, stop := context.WithTimeout(context.Background(), cancelTime)
	defer stop()
	if lost {
		id, found, err := p.cli.Adopt(ctx, p.name)
		if err != nil || !found {
			return err
		}
		p.id = id
	}
	if p.id == "" {
		return nil
	}
	defer func() {
		if log := p.log(); log != "" {
			_ = os.Remove(log) // within p.dir, or in a folder of the user's
		}
	}()
	left, err := p.cli.CancelAndWait(ctx, []string{p.name}, []string{p.id}, 500*time.Millisecond)
	if err == nil && len(left) > 0 {
		err = fmt.Errorf("job %s is still in Slurm's queue", p.id)
	}
	return err
}

// log is the path of the job's log, as its script says; empty if it does not.
func (p *probe) log() string {
	pattern, ok := jobscript.Asked(p.script, "output")
	if !ok || !filepath.IsAbs(pattern) || pattern == os.DevNull {
		return ""
	}
	return strings.NewReplacer("%x", p.name, "%A", p.id, "%a", "0").Replace(pattern)
}
