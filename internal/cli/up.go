package cli

import (
	"context"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"strconv"
	"strings"

	"github.com/urfave/cli/v3"

	"github.com/ewoks-hpc/ewoks-hpc/app"
	"github.com/ewoks-hpc/ewoks-hpc/jobscript"
)

func newUp(s Streams) *cli.Command {
	return &cli.Command{
		Name:  "up",
		Usage: "bring a cluster up: submit worker jobs and wait for workflows",
		Description: `Starts the launcher of a cluster on this machine and submits its worker jobs to
Slurm; they dial back and take the tasks of the runs that are sent to the
cluster. Options can also stand in ewoks-hpc.toml, see ewoks-hpc config show.

   ewoks-hpc up --queue gpu --gres gpu:1 --cores 4 --memory 2GB --walltime 00:20:00 --jobs 2 --detach
   ewoks-hpc up --cores 4 --min-jobs 0 --max-jobs 10 --detach
   ewoks-hpc up --local --n-workers 2

With --max-jobs the number of jobs follows the tasks: more as soon as tasks wait for
slots that no job has or will have, fewer when jobs were not needed for --idle-timeout.` + exitHelp,
		Flags: append([]cli.Flag{
			&cli.BoolFlag{Name: "detach", Aliases: []string{"d"}, Usage: "go on in the background once the cluster is up"},
			&cli.BoolFlag{Name: "local", Usage: "workers are processes of this machine, without Slurm"},
			&cli.IntFlag{Name: "n-workers", Usage: "number (`N`) of local workers; default: as many as CPUs"},
			&cli.IntFlag{Name: "threads-per-worker", Usage: "tasks (`N`) that a local worker executes at a time", Value: 1},
			&cli.StringFlag{Name: "env", Usage: "variables that tasks inherit: all, none or `NAME,...`", Value: "all"},
			&cli.StringFlag{Name: "chdir", Usage: "`DIRECTORY` where workers start; default: the current one"},
			&cli.IntFlag{Name: "ready-fd", Hidden: true, Usage: "descriptor on which the launcher tells the one who detached it how it went"},
		}, clusterFlags()...),
		Action: func(ctx context.Context, cmd *cli.Command) error { return runUp(ctx, cmd, s) },
	}
}

func runUp(ctx context.Context, cmd *cli.Command, s Streams) error {
	if cmd.Args().Present() {
		return usageError{fmt.Errorf("up takes no argument, got %q", cmd.Args().First()), "see ewoks-hpc up --help"}
	}
	workers := purpose{scheduler: "slurm", words: "without --local", advice: "the number of Slurm jobs is --jobs"}
	if cmd.Bool("local") {
		workers = purpose{scheduler: "cluster", words: "with --local", advice: "the number of local workers is --n-workers"}
	}
	workers.up = true
	if err := checkFlags(cmd, workers); err != nil {
		return err
	}
	o, err := upOptions(cmd)
	if err != nil {
		return err
	}
	if cmd.Bool("detach") {
		return detach(ctx, s, o)
	}
	tell := newTeller(cmd.Int("ready-fd"), s)
	o.Logger = slog.New(slog.NewTextHandler(s.Err, &slog.HandlerOptions{Level: slog.LevelInfo}))
	c, err := app.StartCluster(ctx, o)
	if err != nil {
		return tell.failed(err)
	}
	tell.up(summary(c, o))
	select {
	case <-ctx.Done():
	case <-c.Down():
	}
	if asked(ctx, os.Interrupt) || ctx.Err() == nil {
		o.Logger.Info("going down")
		return c.Stop()
	}
	// The machine goes down, or the session: that is no reason to lose work.
	o.Logger.Info("the launcher ends; ewoks-hpc up --cluster " + o.Name + " goes on with its runs")
	return c.Suspend()
}

// asked tells whether this signal ended the context. The cause of signal.NotifyContext
// has its name.
func asked(ctx context.Context, s os.Signal) bool {
	cause := context.Cause(ctx)
	return cause != nil && strings.HasPrefix(cause.Error(), s.String())
}

// upOptions are the options of a cluster as flags and configuration give them.
func upOptions(cmd *cli.Command) (o app.ClusterOptions, err error) {
	if o, err = clusterOptions(cmd); err != nil {
		return o, err
	}
	o.Page, o.Version, o.Durability.Runs = true, cmd.Root().Version, true
	if o.Env, err = app.Environ(os.Environ(), cmd.String("env")); err != nil {
		return o, err
	}
	if o.Dir, err = app.WorkingDir(cmd.String("chdir")); err != nil {
		return o, err
	}
	if cmd.Bool("local") {
		makeLocal(cmd, &o)
	}
	return o, app.CheckPool(o)
}

// makeLocal makes worker jobs child processes.
func makeLocal(cmd *cli.Command, o *app.ClusterOptions) {
	o.Local = true
	if !cmd.IsSet("pool") { // files describe Slurm jobs: one pool of processes is enough
		o.More = nil
	}
	for _, p := range o.AllPools() {
		p.Jobs = localWorkers(cmd)
		if !cmd.IsSet("min-jobs") && !cmd.IsSet("max-jobs") { // in files they are numbers of Slurm jobs
			p.MinJobs, p.MaxJobs = 0, 0
		}
		p.MaxQueued = 0 // processes do not queue
		p.Processes, p.Threads = 1, max(1, cmd.Int("threads-per-worker"))
	}
}

func summary(c *app.Cluster, o app.ClusterOptions) string {
	rows := [][2]string{{"address", c.Address()}, {"page", c.Page()}}
	if tunnel := tunnel(c.Page()); tunnel != "" {
		rows = append(rows, [2]string{"tunnel", tunnel})
	}
	now := c.PoolsNow()
	for i, p := range o.AllPools() {
		name := "workers"
		if len(o.More) > 0 {
			name = "pool " + p.Pool.Name
		}
		rows = append(rows, [2]string{name, workersText(*p, o.Local, now[i])})
		if why := now[i].Pending; why != "" {
			rows = append(rows, [2]string{"", "nothing submitted yet, it is tried again: " + why})
		}
	}
	rows = append(rows, [][2]string{
		{"log", app.LogFile(o.StateDir)},
		{"run", "ewoks-hpc run WORKFLOW --cluster " + o.Name},
		{"end", "ewoks-hpc down --cluster " + o.Name},
	}...)
	width := 0
	for _, r := range rows {
		width = max(width, len(r[0]))
	}
	var b strings.Builder
	fmt.Fprintf(&b, "cluster %s is up\n", o.Name)
	for _, r := range rows {
		fmt.Fprintf(&b, "%-*s  %s\n", width, r[0], r[1])
	}
	return b.String()
}

// tunnel is how to reach the page from another machine, where the same link then works.
func tunnel(page string) string {
	link, err := url.Parse(page)
	host, hostErr := os.Hostname()
	if err != nil || hostErr != nil || link.Port() == "" {
		return ""
	}
	return fmt.Sprintf("ssh -N -L %s:127.0.0.1:%s %s", link.Port(), link.Port(), host)
}

func workersText(o app.PoolOptions, local bool, now app.PoolNow) string {
	one, many, done := "Slurm job", "Slurm jobs", " submitted"
	switch {
	case now.Pending != "":
		done = " wanted"
	case now.Adopted > 0 && now.Adopted >= o.Jobs:
		done = " taken over from the launcher before"
	}
	processes, threads := o.Pool.Slots()
	slots := processes * threads
	if local {
		one, many, done, slots = "local process", "local processes", "", o.Threads
	}
	jobs := count(o.Jobs, one, many) + done
	if o.MaxJobs > 0 {
		jobs = strconv.Itoa(o.MinJobs) + " to " + count(o.MaxJobs, one, many) + ", as tasks need them"
	}
	jobs += ", " + count(slots, "task", "tasks") + " at a time each"
	if local {
		return jobs
	}
	return jobs + poolText(o.Pool)
}

// poolText names the options of the pool that people look for first.
func poolText(p jobscript.Pool) string {
	var parts []string
	add := func(name, value string) {
		if value != "" && value != "0" {
			parts = append(parts, name+" "+value)
		}
	}
	add("queue", p.Queue)
	if p.Nodes > 1 {
		add("nodes", strconv.Itoa(p.Nodes))
	}
	add("cores", strconv.Itoa(p.Cores))
	add("memory", p.Memory)
	add("gres", p.Gres)
	add("gpus", strconv.Itoa(p.GPUs))
	if p.Walltime > 0 {
		add("walltime", p.Walltime.String())
	}
	if len(parts) == 0 {
		return ""
	}
	return " (" + strings.Join(parts, ", ") + ")"
}

func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return strconv.Itoa(n) + " " + many
}
