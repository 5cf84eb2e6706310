package cli

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/urfave/cli/v3"

	"github.com/ewoks-hpc/ewoks-hpc/app"
	"github.com/ewoks-hpc/ewoks-hpc/config"
	"github.com/ewoks-hpc/ewoks-hpc/jobscript"
)

// setting is an option of a cluster that is not an option of its jobs' script.
type setting struct {
	key, value, help string
	pool             bool // one for each pool
}

var settings = []setting{
	{"jobs", "N", "number of worker jobs; default 1", true},
	{"max_jobs", "N", "most worker jobs: their number adapts to the tasks that wait", true},
	{"min_jobs", "N", "fewest worker jobs, with --max-jobs; default 0", true},
	{"idle_timeout", "TIME", "how long a job must not have been needed before it is given up, with --max-jobs; default 2m", true},
	{"max_queued", "N", "most jobs that wait in Slurm's queue because of tasks, with --max-jobs; default 10, 0 is no limit", true},
	{"cluster", "NAME", "name of the cluster; default: default", false},
	{"state_dir", "DIRECTORY", "where clusters keep their state; default: ewoks-hpc in $XDG_STATE_HOME", false},
	{"journal_dir", "DIRECTORY", "local folder for the journals of runs; default: the state directory, or one under /var/tmp if that is on a network file system", false},
	{"durability", "HOW", "normal: a crash of the machine may lose the last second; strict: every entry is synced to the disk; default: normal", false},
	{"templates", "DIRECTORY", "folder whose *.tmpl replace those of the job script", false},
	{"bind", "ADDRESS", "address that the broker listens on; default: loopback for local clusters, else all", false},
	{"advertise", "HOST", "name or address by which workers reach this machine; default: its host name and addresses", false},
	{"poll_interval", "TIME", "time between two looks at Slurm's queue; default 15s", false},
}

func flagName(key string) string { return strings.ReplaceAll(key, "_", "-") }

// clusterFlags are the flags that describe a cluster and its pool.
func clusterFlags() []cli.Flag {
	flags := []cli.Flag{
		&cli.StringFlag{Name: "pool", Usage: "`NAME` of the pool that the options are for", Category: "Pool"},
	}
	for _, s := range settings {
		category := "Cluster"
		if s.pool {
			category = "Pool"
		}
		flags = append(flags, &cli.StringFlag{Name: flagName(s.key), Usage: "`" + s.value + "`: " + s.help, Category: category})
	}
	for _, o := range jobscript.Options() {
		flags = append(flags, poolFlag(o))
	}
	return flags
}

func poolFlag(o jobscript.Option) cli.Flag {
	usage := o.Help
	if o.Default != "" {
		usage += "; default: " + o.Default
	}
	usage = map[jobscript.Kind]string{
		jobscript.Int: "`N`: ", jobscript.Duration: "`TIME`: ", jobscript.List: "`TEXT`: ", jobscript.String: "`TEXT`: ",
	}[o.Kind] + usage
	switch o.Kind {
	case jobscript.Bool:
		return &cli.BoolFlag{Name: o.Flag, Aliases: o.Aliases, Usage: usage, Category: "Pool"}
	case jobscript.List:
		return &cli.StringSliceFlag{Name: o.Flag, Aliases: o.Aliases, Usage: usage + "; may be repeated", Category: "Pool"}
	default:
		return &cli.StringFlag{Name: o.Flag, Aliases: o.Aliases, Usage: usage, Category: "Pool"}
	}
}

// loadConfig merges files, environment and flags.
func loadConfig(cmd *cli.Command) (*config.Config, error) {
	s := config.Sources{Environ: os.Environ(), Flags: map[string]config.Flag{}, Pool: cmd.String("pool"), PoolDefaults: map[string]any{}}
	for _, set := range settings {
		key := config.Key{Name: set.key}
		if set.pool {
			s.PoolKeys = append(s.PoolKeys, key)
		} else {
			s.Keys = append(s.Keys, key)
		}
		if name := flagName(set.key); cmd.IsSet(name) {
			s.Flags[set.key] = config.Flag{Name: name, Raw: cmd.String(name)}
		}
	}
	for _, o := range jobscript.Options() {
		s.PoolKeys = append(s.PoolKeys, config.Key{Name: o.Key, List: o.Kind == jobscript.List})
		if o.Default != "" {
			s.PoolDefaults[o.Key] = o.Default
		}
		if cmd.IsSet(o.Flag) {
			s.Flags[o.Key] = config.Flag{Name: o.Flag, Raw: flagValue(cmd, o)}
		}
	}
	var err error
	if s.UserFile, err = config.UserFile(os.Getenv); err != nil {
		return nil, invalid(err)
	}
	home, _ := os.UserHomeDir()
	if s.ProjectFile, err = config.FindProjectFile(".", home); err != nil {
		return nil, invalid(err)
	}
	c, err := config.Load(s)
	if err != nil {
		return nil, invalid(err)
	}
	return c, nil
}

func flagValue(cmd *cli.Command, o jobscript.Option) any {
	switch o.Kind {
	case jobscript.Bool:
		return cmd.Bool(o.Flag)
	case jobscript.List:
		return cmd.StringSlice(o.Flag)
	default:
		return cmd.String(o.Flag)
	}
}

func invalid(err error) error { return &app.InvalidError{Cause: err} }

// clusterOptions turns the configuration into what a cluster is made of.
func clusterOptions(cmd *cli.Command) (o app.ClusterOptions, err error) {
	c, err := loadConfig(cmd)
	if err != nil {
		return o, err
	}
	for _, w := range c.Warnings {
		fmt.Fprintf(cmd.Root().ErrWriter, "ewoks-hpc: warning: %s\n", w)
	}
	text := func(key string) string {
		v, _ := c.Get(key)
		if v.Raw == nil {
			return ""
		}
		return fmt.Sprint(v.Raw)
	}
	o.Name, o.Templates, o.Bind, o.Advertise = cmp.Or(text("cluster"), "default"), text("templates"), text("bind"), text("advertise")
	if o.StateDir, err = app.StateDir(text("state_dir"), o.Name); err != nil {
		return o, err
	}
	if o.Durability, err = durability(text("journal_dir"), text("durability")); err != nil {
		return o, err
	}
	if interval := text("poll_interval"); interval != "" {
		if o.PollInterval, err = time.ParseDuration(interval); err != nil || o.PollInterval < time.Second {
			return o, usageError{fmt.Errorf("poll_interval %q", interval), "give a time of at least a second, like 15s"}
		}
	}
	// One pool for now: the selected one.
	if o.Pool, err = pool(c); err != nil {
		return o, err
	}
	return o, sizeOptions(cmd, c.Pool(c.Selected), &o)
}

// durability reads what is to outlive the launcher.
func durability(dir, how string) (d app.Durability, err error) {
	switch how {
	case "", "normal", "strict":
	default:
		return d, usageError{fmt.Errorf("durability %q", how), "choose normal or strict"}
	}
	if dir != "" {
		if dir, err = filepath.Abs(dir); err != nil {
			return d, err
		}
	}
	return app.Durability{Dir: dir, Strict: how == "strict"}, nil
}

func pool(c *config.Config) (p jobscript.Pool, err error) {
	p.Name = c.Selected
	values := c.Pool(c.Selected)
	for _, o := range jobscript.Options() {
		v, ok := values[o.Key]
		if !ok {
			continue
		}
		if err := o.SetAny(&p, v.Raw); err != nil {
			return p, &app.InvalidError{Cause: fmt.Errorf("%w (%s)", err, v.Origin)}
		}
	}
	if err := p.Validate(); err != nil {
		return p, invalid(err)
	}
	return p, nil
}
