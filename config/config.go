// Package config merges the layers in which options are given, and remembers
// where each value came from. From the weakest to the strongest layer:
// defaults, the user's file, the project's file, the environment, the command
// line. A layer replaces a value as a whole, lists too.
//
// Files are TOML: top-level keys, one [pool.NAME] table per pool, and lists of
// tables. Which keys exist, and what their values mean, is the caller's knowledge.
package config

import (
	"fmt"
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
	Flags        map[string]Flag // by key; those of pools are for all selected ones
	// Pools are the selected pools, in their order; nil for those that
	// EWOKS_HPC_POOL lists, else all of the files, else DefaultPool. Environment and
	// flags are for them.
	Pools []string
	// PoolFlags are flags for one pool, by its name and by key. They win over Flags.
	PoolFlags map[string]map[string]Flag
	// Tables are the keys of each list of tables, by its name: [[route]].
	Tables map[string][]Key
}

// Table is one table of a list, with where it stands.
type Table struct {
	Values map[string]any
	Origin string
}

// Config is the merged configuration.
type Config struct {
	// Selected are the pools that environment and flags apply to, in their order.
	Selected []string
	// Warnings name EWOKS_HPC_* variables that mean nothing.
	Warnings []string

	top          map[string]Value
	poolDefaults map[string]Value
	files        []file                      // weakest first
	overrides    map[string]Value            // of all selected pools
	poolFlags    map[string]map[string]Value // of one pool
	tables       map[string][]Table
}

// Load reads the files and merges the layers. Errors tell the file, line and
// column; an unknown key or pool comes with a Hint that proposes a known one.
func Load(s Sources) (*Config, error) {
	environment := readEnvironment(s)
	c := &Config{
		Warnings:     environment.unknown,
		top:          fromDefaults(s.Defaults),
		poolDefaults: fromDefaults(s.PoolDefaults),
		overrides:    map[string]Value{},
		poolFlags:    map[string]map[string]Value{},
		tables:       map[string][]Table{},
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
		maps.Copy(c.tables, f.lists)
	}
	if err := c.choose(s, environment); err != nil {
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
	for pool, flags := range s.PoolFlags {
		c.poolFlags[pool] = map[string]Value{}
		for key, flag := range flags {
			if !has(s.PoolKeys, key) {
				return unknown("option of a pool", key, names(s.PoolKeys), "flag --"+flag.Name)
			}
			c.poolFlags[pool][key] = Value{Raw: flag.Raw, Origin: "flag --" + flag.Name}
		}
	}
	return nil
}

// Get returns a top-level value.
func (c *Config) Get(key string) (Value, bool) {
	value, ok := c.top[key]
	return value, ok
}

// Tables returns a list of tables: that of the strongest file which has it.
func (c *Config) Tables(name string) []Table { return c.tables[name] }

// Pool returns the values of a pool by key; only the defaults when no layer
// mentions it.
func (c *Config) Pool(name string) map[string]Value {
	values := maps.Clone(c.poolDefaults)
	for _, f := range c.files {
		maps.Copy(values, f.pool(name))
	}
	if slices.Contains(c.Selected, name) {
		maps.Copy(values, c.overrides)
		maps.Copy(values, c.poolFlags[name])
	}
	return values
}

// Pools lists the selected pools and those of the files, sorted.
func (c *Config) Pools() []string {
	all := slices.Concat(c.Selected, c.filePools())
	slices.Sort(all)
	return slices.Compact(all)
}

// filePools are the pools of the files, in the order in which they stand there.
func (c *Config) filePools() (list []string) {
	for _, f := range c.files {
		for _, name := range f.order {
			if !slices.Contains(list, name) {
				list = append(list, name)
			}
		}
	}
	return list
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

// choose selects the pools.
func (c *Config) choose(s Sources, env environment) error {
	known := append(c.filePools(), DefaultPool)
	switch {
	case len(s.Pools) > 0:
		c.Selected = s.Pools
	case len(env.pools) > 0:
		c.Selected = env.pools
	case len(known) > 1:
		c.Selected = c.filePools()
	default:
		c.Selected = []string{DefaultPool}
	}
	for name, flags := range s.PoolFlags { // options of its own make a pool
		if len(flags) > 0 {
			known = append(known, name)
		}
	}
	for i, name := range c.Selected {
		if !slices.Contains(known, name) {
			return unknown("pool", name, known, "")
		}
		if slices.Contains(c.Selected[:i], name) {
			return fmt.Errorf("pool %q is named twice", name)
		}
	}
	return nil
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
	pools   []string
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
			env.pools = strings.Split(text, ",")
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
