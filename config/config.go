// Package config merges the layers in which options are given, and remembers
// where each value came from. From the weakest to the strongest layer:
// defaults, the user's file, the project's file, the environment, the command
// line. A layer replaces a value as a whole, lists too.
//
// Files are TOML: top-level keys, and one [pool.NAME] table per pool. Which keys
// exist, and what their values mean, is the caller's knowledge.
package config

import (
	"maps"
	"slices"
	"sort"
	"strings"
)

// DefaultPool is the pool that is meant when none is named.
const DefaultPool = "default"

// Key is one option that may be given.
type Key struct {
	Name string // "job_extra_directives"
	List bool   // in the environment, one item per line
}

// Value is one value and its origin.
type Value struct {
	Raw    any    // string, int64, float64, bool, []any, or what a default or flag holds
	Origin string // "default", "/etc/x.toml:12", "environment EWOKS_HPC_QUEUE", "flag --queue"
}

// Flag is a value from the command line.
type Flag struct {
	Name string // as typed, without dashes: "queue"
	Raw  any
}

// Sources are the layers to merge.
type Sources struct {
	Keys         []Key // top-level keys; none may have the name of a pool key
	PoolKeys     []Key // keys of every pool
	Defaults     map[string]any
	PoolDefaults map[string]any
	UserFile     string          // path, "" for none; see UserFile
	ProjectFile  string          // path, "" for none; see FindProjectFile
	Environ      []string        // "NAME=value", as os.Environ gives them
	Flags        map[string]Flag // by key
	Pool         string          // the pool that environment and flags are for; "" for EWOKS_HPC_POOL, else DefaultPool
}

// Config is the merged configuration.
type Config struct {
	// Selected is the pool that environment and flags apply to.
	Selected string
	// Warnings name EWOKS_HPC_* variables that mean nothing.
	Warnings []string

	top          map[string]Value
	poolDefaults map[string]Value
	files        []file // weakest first
	overrides    map[string]Value
}

// Load reads the files and merges the layers. Errors tell the file, line and
// column; an unknown key or pool comes with a Hint that proposes a known one.
func Load(s Sources) (*Config, error) {
	environment := readEnvironment(s)
	c := &Config{
		Selected:     selected(s, environment),
		Warnings:     environment.unknown,
		top:          fromDefaults(s.Defaults),
		poolDefaults: fromDefaults(s.PoolDefaults),
		overrides:    map[string]Value{},
	}
	for _, path := range []string{s.UserFile, s.ProjectFile} {
		if path == "" || path == s.UserFile && len(c.files) > 0 { // the project may be the user's own folder
			continue
		}
		f, err := readFile(path, s)
		if err != nil {
			return nil, err
		}
		c.files = append(c.files, f)
		maps.Copy(c.top, f.top())
	}
	if err := c.checkSelected(); err != nil {
		return nil, err
	}
	return c, c.override(s, environment)
}

// override applies the two layers above the files.
func (c *Config) override(s Sources, environment environment) error {
	layers := map[string]Value{}
	maps.Copy(layers, environment.values)
	for key, flag := range s.Flags {
		layers[key] = Value{Raw: flag.Raw, Origin: "flag --" + flag.Name}
	}
	for key, value := range layers {
		switch {
		case has(s.PoolKeys, key):
			c.overrides[key] = value
		case has(s.Keys, key):
			c.top[key] = value
		default:
			return unknown("option", key, names(s.Keys, s.PoolKeys), value.Origin)
		}
	}
	return nil
}

// Get returns a top-level value.
func (c *Config) Get(key string) (Value, bool) {
	value, ok := c.top[key]
	return value, ok
}

// Pool returns the values of a pool by key; only the defaults when no layer
// mentions it.
func (c *Config) Pool(name string) map[string]Value {
	values := maps.Clone(c.poolDefaults)
	for _, f := range c.files {
		maps.Copy(values, f.pool(name))
	}
	if name == c.Selected {
		maps.Copy(values, c.overrides)
	}
	return values
}

// Pools lists the selected pool and those of the files, sorted.
func (c *Config) Pools() []string {
	found := map[string]bool{c.Selected: true}
	for _, f := range c.files {
		for name := range f.pools {
			found[name] = true
		}
	}
	return slices.Sorted(maps.Keys(found))
}

// Row is one line of a listing of the configuration.
type Row struct {
	Pool   string // "" for a top-level key
	Key    string
	Raw    any
	Origin string
}

// Describe lists every value and its origin: top-level keys first, then pool by
// pool, sorted.
func (c *Config) Describe() []Row {
	rows := rowsOf("", c.top)
	for _, pool := range c.Pools() {
		rows = append(rows, rowsOf(pool, c.Pool(pool))...)
	}
	return rows
}

func rowsOf(pool string, values map[string]Value) []Row {
	var rows []Row
	for key, value := range values {
		rows = append(rows, Row{Pool: pool, Key: key, Raw: value.Raw, Origin: value.Origin})
	}
	sort.Slice(rows, func(i, j int) bool { return rows[i].Key < rows[j].Key })
	return rows
}

func (c *Config) checkSelected() error {
	if c.Selected == DefaultPool {
		return nil
	}
	var pools []string
	for _, f := range c.files {
		if _, ok := f.pools[c.Selected]; ok {
			return nil
		}
		pools = append(pools, slices.Sorted(maps.Keys(f.pools))...)
	}
	return unknown("pool", c.Selected, append(pools, DefaultPool), "")
}

func fromDefaults(defaults map[string]any) map[string]Value {
	values := map[string]Value{}
	for key, raw := range defaults {
		values[key] = Value{Raw: raw, Origin: "default"}
	}
	return values
}

func has(keys []Key, name string) bool {
	return slices.ContainsFunc(keys, func(k Key) bool { return k.Name == name })
}

func names(lists ...[]Key) []string {
	var out []string
	for _, keys := range lists {
		for _, key := range keys {
			out = append(out, key.Name)
		}
	}
	return out
}

const prefix = "EWOKS_HPC_"

// Variable is the environment variable of a key.
func Variable(key string) string { return prefix + strings.ToUpper(key) }

type environment struct {
	values  map[string]Value // by key
	pool    string
	unknown []string
}

// readEnvironment only warns of unknown variables: others may own the prefix.
// An empty variable counts as not set.
func readEnvironment(s Sources) environment {
	env := environment{values: map[string]Value{}}
	keys := map[string]Key{}
	for _, key := range slices.Concat(s.Keys, s.PoolKeys) {
		keys[Variable(key.Name)] = key
	}
	for _, entry := range s.Environ {
		variable, text, _ := strings.Cut(entry, "=")
		key, known := keys[variable]
		switch {
		case !strings.HasPrefix(variable, prefix) || text == "":
		case known:
			env.values[key.Name] = Value{Raw: fromText(key, text), Origin: "environment " + variable}
		case variable == Variable("pool"):
			env.pool = text
		default:
			env.unknown = append(env.unknown, unknown("environment variable", variable, slices.Sorted(maps.Keys(keys)), "").text())
		}
	}
	return env
}

func fromText(key Key, text string) any {
	if !key.List {
		return text
	}
	var items []any
	for line := range strings.Lines(text) {
		if line = strings.TrimRight(line, "\r\n"); line != "" {
			items = append(items, line)
		}
	}
	return items
}

func selected(s Sources, env environment) string {
	switch {
	case s.Pool != "":
		return s.Pool
	case env.pool != "":
		return env.pool
	}
	return DefaultPool
}
