package cli

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"strconv"
	"strings"

	"github.com/urfave/cli/v3"

	"github.com/ewoks-hpc/ewoks-hpc/app"
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
	o.Jobs = localWorkers(cmd)
	if !cmd.IsSet("min-jobs") && !cmd.IsSet("max-jobs") { // in files they are numbers of Slurm jobs
		o.MinJobs, o.MaxJobs = 0, 0
	}
	o.MaxQueued = 0 // processes do not queue
	o.Processes, o.Threads = 1, max(1, cmd.Int("threads-per-worker"))
}

func summary(c *app.Cluster, o app.ClusterOptions) string {
	var b strings.Builder
	row := func(name, text string) { fmt.Fprintf(&b, "%-9s%s\n", name, text) }
	fmt.Fprintf(&b, "cluster %s is up\n", o.Name)
	row("address", c.Address())
	row("page", c.Page())
	row("workers", workersText(o))
	row("log", app.LogFile(o.StateDir))
	row("run", "ewoks-hpc run WORKFLOW --cluster "+o.Name)
	row("end", "ewoks-hpc down --cluster "+o.Name)
	return b.String()
}

func workersText(o app.ClusterOptions) string {
	one, many, done := "Slurm job", "Slurm jobs", " submitted"
	processes, threads := o.Pool.Slots()
	slots := processes * threads
	if o.Local {
		one, many, done, slots = "local process", "local processes", "", o.Threads
	}
	jobs := count(o.Jobs, one, many) + done
	if o.MaxJobs > 0 {
		jobs = strconv.Itoa(o.MinJobs) + " to " + count(o.MaxJobs, one, many) + ", as tasks need them"
	}
	jobs += ", " + count(slots, "task", "tasks") + " at a time each"
	if o.Local {
		return jobs
	}
	return jobs + poolText(o)
}

// poolText names the options of the pool that people look for first.
func poolText(o app.ClusterOptions) string {
	var parts []string
	add := func(name, value string) {
		if value != "" && value != "0" {
			parts = append(parts, name+" "+value)
		}
	}
	p := o.Pool
	add("queue", p.Queue)
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
