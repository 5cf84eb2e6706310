package cli

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
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
	{"keep_runs", "TIME", "how long runs stay known after their end, what they printed, and logs of jobs, like 30d or 12h; default: 30d", false},
	{"templates", "DIRECTORY", "folder whose *.tmpl replace those of the job script", false},
	{"bind", "ADDRESS,...", "addresses that the broker listens on; default: loopback for local clusters, else all", false},
	{"advertise", "HOST,...", "names or addresses by which workers reach this machine, as they are to try them; default: its host name and addresses", false},
	{"poll_interval", "TIME", "time between two looks at Slurm's queue; default 15s", false},
}

func flagName(key string) string { return strings.ReplaceAll(key, "_", "-") }

// clusterFlags are the flags that describe a cluster and its pool.
func clusterFlags() []cli.Flag {
	choice := newPoolChoice()
	flags := []cli.Flag{choice}
	for _, s := range settings {
		flag := &cli.StringFlag{Name: flagName(s.key), Usage: "`" + s.value + "`: " + s.help, Category: "Cluster"}
		if s.pool {
			flag.Category = "Pool"
			flag.Validator = func(text string) error { return choice.note(s.key, flag.Name, text) }
		}
		flags = append(flags, flag)
	}
	for _, o := range jobscript.Options() {
		flags = append(flags, poolFlag(o, choice))
	}
	return flags
}

func poolFlag(o jobscript.Option, choice *poolChoice) cli.Flag {
	usage := o.Help
	if o.Default != "" {
		usage += "; default: " + o.Default
	}
	usage = map[jobscript.Kind]string{
		jobscript.Int: "`N`: ", jobscript.Duration: "`TIME`: ", jobscript.List: "`TEXT`: ", jobscript.String: "`TEXT`: ",
	}[o.Kind] + usage
	switch o.Kind {
	case jobscript.Bool:
		return &cli.BoolFlag{
			Name: o.Flag, Aliases: o.Aliases, Usage: usage, Category: "Pool",
			Validator: func(value bool) error { return choice.note(o.Key, o.Flag, value) },
		}
	case jobscript.List:
		return &cli.StringSliceFlag{
			Name: o.Flag, Aliases: o.Aliases, Usage: usage + "; may be repeated", Category: "Pool",
			Validator: func(all []string) error { return choice.list(o.Key, o.Flag, all) },
		}
	default:
		return &cli.StringFlag{
			Name: o.Flag, Aliases: o.Aliases, Usage: usage, Category: "Pool",
			Validator: func(text string) error { return choice.note(o.Key, o.Flag, text) },
		}
	}
}

// loadConfig merges files, environment and flags.
func loadConfig(cmd *cli.Command) (*config.Config, error) {
	s := config.Sources{Environ: os.Environ(), Flags: map[string]config.Flag{}, PoolDefaults: map[string]any{}, Tables: map[string][]config.Key{"route": routeKeys()}}
	if choice := findPoolChoice(cmd); choice != nil {
		choice.apply(&s)
	}
	for _, set := range settings {
		key := config.Key{Name: set.key}
		if set.pool {
			s.PoolKeys = append(s.PoolKeys, key)
		} else {
			s.Keys = append(s.Keys, key)
		}
		if name := flagName(set.key); !set.pool && cmd.IsSet(name) {
			s.Flags[set.key] = config.Flag{Name: name, Raw: cmd.String(name)}
		}
	}
	for _, o := range jobscript.Options() {
		s.PoolKeys = append(s.PoolKeys, config.Key{Name: o.Key, List: o.Kind == jobscript.List})
		if o.Default != "" {
			s.PoolDefaults[o.Key] = o.Default
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
	if o.KeepRuns, err = keepRuns(cmp.Or(text("keep_runs"), "30d")); err != nil {
		return o, err
	}
	if interval := text("poll_interval"); interval != "" {
		if o.PollInterval, err = time.ParseDuration(interval); err != nil || o.PollInterval < time.Second {
			return o, usageError{fmt.Errorf("poll_interval %q", interval), "give a time of at least a second, like 15s"}
		}
	}
	if o.Rules, err = routes(c.Tables("route")); err != nil {
		return o, err
	}
	for i, name := range c.Selected {
		p, err := poolOptions(cmd, c, name)
		if err != nil {
			return o, err
		}
		if i == 0 {
			o.PoolOptions = p
		} else {
			o.More = append(o.More, p)
		}
	}
	return o, nil
}

func poolOptions(cmd *cli.Command, c *config.Config, name string) (o app.PoolOptions, err error) {
	if o.Pool, err = pool(c, name); err != nil {
		return o, err
	}
	return o, sizeOptions(cmd, c.Pool(name), &o)
}

// keepRuns reads a time, which may be in days: 30d.
func keepRuns(text string) (time.Duration, error) {
	keep, err := time.ParseDuration(text)
	if days, ok := strings.CutSuffix(text, "d"); ok {
		var n uint64
		n, err = strconv.ParseUint(days, 10, 16)
		keep = time.Duration(n) * 24 * time.Hour
	}
	if err != nil || keep < time.Second {
		return 0, usageError{fmt.Errorf("keep_runs %q", text), "give a time of at least a second, like 30d or 12h"}
	}
	return keep, nil
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

func pool(c *config.Config, name string) (p jobscript.Pool, err error) {
	p.Name = name
	values := c.Pool(name)
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
