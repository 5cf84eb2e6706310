package config_test

import (
	"errors"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/ewoks-hpc/ewoks-hpc/config"
)

var (
	topKeys  = []config.Key{{Name: "cluster"}, {Name: "state_directory"}}
	poolKeys = []config.Key{{Name: "queue"}, {Name: "cores"}, {Name: "walltime"}, {Name: "job_extra_directives", List: true}}
)

func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// Every layer wins over all weaker ones: all 32 sets of layers are tried.
func TestPrecedence(t *testing.T) {
	user := write(t, "user.toml", "# mine\ncluster = \"user\"\n[pool.default]\nqueue = \"user\"\n")
	project := write(t, "project.toml", "cluster = \"project\"\n\n[pool.default]\n\nqueue = \"project\"\n")
	layers := []struct {
		name               string
		add                func(*config.Sources)
		topOrigin, pOrigin string
	}{
		{"default", func(s *config.Sources) {
			s.Defaults, s.PoolDefaults = map[string]any{"cluster": "default"}, map[string]any{"queue": "default"}
		}, "default", "default"},
		{"user", func(s *config.Sources) { s.UserFile = user }, user + ":2", user + ":4"},
		{"project", func(s *config.Sources) { s.ProjectFile = project }, project + ":1", project + ":5"},
		{"env", func(s *config.Sources) {
			s.Environ = []string{"PATH=/bin", "EWOKS_HPC_QUEUE=env", "EWOKS_HPC_CLUSTER=env"}
		}, "environment EWOKS_HPC_CLUSTER", "environment EWOKS_HPC_QUEUE"},
		{"flag", func(s *config.Sources) {
			s.Flags = map[string]config.Flag{"queue": {Name: "queue", Raw: "flag"}, "cluster": {Name: "cluster", Raw: "flag"}}
		}, "flag --cluster", "flag --queue"},
	}
	for set := range 1 << len(layers) {
		sources := config.Sources{Keys: topKeys, PoolKeys: poolKeys}
		var wantTop, wantPool config.Value
		for i, layer := range layers {
			if set&(1<<i) != 0 {
				layer.add(&sources)
				wantTop = config.Value{Raw: layer.name, Origin: layer.topOrigin}
				wantPool = config.Value{Raw: layer.name, Origin: layer.pOrigin}
			}
		}
		c, err := config.Load(sources)
		if err != nil {
			t.Fatalf("set %05b: %v", set, err)
		}
		if top, ok := c.Get("cluster"); top != wantTop || ok != (set != 0) {
			t.Errorf("set %05b: top-level %v, want %v", set, top, wantTop)
		}
		if pool := c.Pool("default")["queue"]; pool != wantPool {
			t.Errorf("set %05b: pool %v, want %v", set, pool, wantPool)
		}
	}
}

func TestPools(t *testing.T) {
	user := write(t, "u.toml", "[pool.cpu]\ncores = 4\nqueue = \"u\"\n[pool.gpu]\nqueue = \"gpu\"\njob_extra_directives = [\n  \"--gres=gpu:1\",\n]\n")
	project := write(t, "p.toml", "[pool.cpu]\nwalltime = 00:20:00\n[pool.\"my.pool\"]\ncores = 2\n")
	sources := config.Sources{
		Keys: topKeys, PoolKeys: poolKeys, PoolDefaults: map[string]any{"cores": 1}, UserFile: user, ProjectFile: project,
		Environ: []string{"EWOKS_HPC_POOL=gpu", "EWOKS_HPC_CORES=8", "EWOKS_HPC_QUEUE="},
		Flags:   map[string]config.Flag{"walltime": {Name: "walltime", Raw: "10"}},
	}
	c, err := config.Load(sources)
	if err != nil {
		t.Fatal(err)
	}
	for pool, want := range map[string]map[string]config.Value{
		"cpu":     {"cores": {Raw: int64(4), Origin: user + ":2"}, "queue": {Raw: "u", Origin: user + ":3"}, "walltime": {Raw: "00:20:00", Origin: project + ":2"}},
		"my.pool": {"cores": {Raw: int64(2), Origin: project + ":4"}},
		"absent":  {"cores": {Raw: 1, Origin: "default"}},
		"gpu": {
			"cores": {Raw: "8", Origin: "environment EWOKS_HPC_CORES"}, "walltime": {Raw: "10", Origin: "flag --walltime"},
			"queue": {Raw: "gpu", Origin: user + ":5"}, "job_extra_directives": {Raw: []any{"--gres=gpu:1"}, Origin: user + ":6"},
		},
	} {
		if got := c.Pool(pool); !reflect.DeepEqual(got, want) {
			t.Errorf("pool %s: %v, want %v", pool, got, want)
		}
	}
	if want := []string{"cpu", "gpu", "my.pool"}; !reflect.DeepEqual(c.Pools(), want) {
		t.Errorf("pools %q, want %q", c.Pools(), want)
	}
	sources.Pools = []string{"cpu"} // the flag wins over EWOKS_HPC_POOL
	if c, err = config.Load(sources); err != nil || c.Selected[0] != "cpu" || c.Pool("cpu")["walltime"].Raw != "10" {
		t.Errorf("selected pool: %v, %+v", err, c)
	}
}

func TestDescribe(t *testing.T) {
	user := write(t, "u.toml", "cluster = \"beamline\"\n[pool.gpu]\nqueue = \"gpu\"\n")
	c, err := config.Load(config.Sources{
		Keys: topKeys, PoolKeys: poolKeys, Defaults: map[string]any{"state_directory": "/s"}, PoolDefaults: map[string]any{"cores": 1}, UserFile: user,
		Flags: map[string]config.Flag{"cores": {Name: "cores", Raw: "2"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	want := []config.Row{
		{"", "cluster", "beamline", user + ":1"}, {"", "state_directory", "/s", "default"},
		{"gpu", "cores", "2", "flag --cores"}, {"gpu", "queue", "gpu", user + ":3"},
	}
	if got := c.Describe(); !reflect.DeepEqual(got, want) {
		t.Errorf("got\n%v, want\n%v", got, want)
	}
}

func TestEnvironment(t *testing.T) {
	c, err := config.Load(config.Sources{Keys: topKeys, PoolKeys: poolKeys, Environ: []string{
		"EWOKS_HPC_JOB_EXTRA_DIRECTIVES=--gres=gpu:1\n\n-t 10\n", "EWOKS_HPC_QUEU=x", "EWOKS_HPC_TOTALLY_DIFFERENT=1", "QUEUE=x",
	}})
	if err != nil {
		t.Fatal(err)
	}
	if got := c.Pool("default")["job_extra_directives"].Raw; !reflect.DeepEqual(got, []any{"--gres=gpu:1", "-t 10"}) {
		t.Errorf("list is %q", got)
	}
	want := []string{`unknown environment variable "EWOKS_HPC_QUEU", did you mean EWOKS_HPC_QUEUE?`, `unknown environment variable "EWOKS_HPC_TOTALLY_DIFFERENT"`}
	if !reflect.DeepEqual(c.Warnings, want) {
		t.Errorf("warnings %q, want %q", c.Warnings, want)
	}
}

func TestRefused(t *testing.T) {
	for _, test := range []struct{ name, text, where, message, hint string }{
		{"syntax", "cluster = \"a\"\nstate_directory = = 1\n", ":2:19: ", "", ""},
		{"open string", "cluster = \"a\n", ":1:", "", ""},
		{"duplicate", "cluster = \"a\"\ncluster = \"b\"\n", ":2:", "already been defined", ""},
		{"unknown key", "\nclutser = \"a\"\n", ":2: ", `unknown key "clutser"`, `"cluster"`},
		{"nothing near", "zzzzzzzzzzzz = 1\n", ":1: ", `unknown key "zzzzzzzzzzzz"`, "known are: cluster, state_directory"},
		{"unknown pool key", "[pool.a]\ncores = 1\n\nque = 1\n", ":4: ", `unknown key of a pool "que"`, `"queue"`},
		{"pool key at the top", "queue = 1\n", ":1: ", `"queue" is an option of a pool`, "[pool.default]"},
		{"dashes", "[pool.a]\njob-extra-directives = []\n", ":2: ", "", `"job_extra_directives"`},
		{"first mistake first", "clutser = 1\n[pool.a]\nque = 1\n", ":1: ", "clutser", ""},
		{"table for a value", "[pool.a.queue]\nx = 1\n", ":1: ", "queue is a table", ""},
		{"pool is a value", "pool = 1\n", ":1: ", "pool is not a table of pools", ""},
		{"pool key without a pool", "[pool]\nqueue = \"a\"\n", "", "pool is not a table of pools", ""},
		{"pool name", "[pool.\"a b\"]\nqueue = \"a\"\n", "", "not a name for a pool", ""},
		{"size", strings.Repeat("#", 1<<20+1), "", "more than 1048576 bytes", ""},
	} {
		path := write(t, "x.toml", test.text)
		_, err := config.Load(config.Sources{Keys: topKeys, PoolKeys: poolKeys, ProjectFile: path})
		if err == nil || !strings.HasPrefix(err.Error(), path+test.where) || !strings.Contains(err.Error(), test.message) {
			t.Errorf("%s: %v, want %s...%s", test.name, err, test.where, test.message)
		}
		var hinted interface{ Hint() string }
		if test.hint != "" && (!errors.As(err, &hinted) || !strings.Contains(hinted.Hint(), test.hint)) {
			t.Errorf("%s: no hint %s in %v", test.name, test.hint, err)
		}
	}
	user := write(t, "u.toml", "[pool.gpu]\nqueue = \"gpu\"\n")
	for name, sources := range map[string]config.Sources{
		"unknown pool": {Keys: topKeys, PoolKeys: poolKeys, UserFile: user, Pools: []string{"gqu"}},
		"unknown flag": {Keys: topKeys, PoolKeys: poolKeys, Flags: map[string]config.Flag{"quue": {Name: "quue"}}},
		"absent file":  {Keys: topKeys, PoolKeys: poolKeys, UserFile: user + ".absent"},
		"folder":       {Keys: topKeys, PoolKeys: poolKeys, UserFile: filepath.Dir(user)},
	} {
		if c, err := config.Load(sources); err == nil {
			t.Errorf("%s: accepted, %+v", name, c)
		}
	}
}

func TestUserFile(t *testing.T) {
	home, xdg := t.TempDir(), t.TempDir()
	get := func(env map[string]string) func(string) string { return func(name string) string { return env[name] } }
	env := map[string]string{"HOME": home}
	if path, err := config.UserFile(get(env)); path != "" || err != nil {
		t.Errorf("without a file: %q, %v", path, err)
	}
	inHome := put(t, filepath.Join(home, ".config", "ewoks-hpc"))
	inXDG := put(t, filepath.Join(xdg, "ewoks-hpc"))
	for want, change := range map[string]map[string]string{
		inHome: {"XDG_CONFIG_HOME": "relative"}, inXDG: {"XDG_CONFIG_HOME": xdg}, "": {"HOME": ""},
	} {
		changed := maps.Clone(env)
		maps.Copy(changed, change)
		if path, err := config.UserFile(get(changed)); path != want || err != nil {
			t.Errorf("%v: %q, %v, want %q", change, path, err, want)
		}
	}
}

func put(t *testing.T, dir string) string {
	t.Helper()
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, config.FileName)
	if err := os.WriteFile(path, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestFindProjectFile(t *testing.T) {
	top := t.TempDir()
	home := filepath.Join(top, "home")
	deep := filepath.Join(home, "a", "b", "c")
	if err := os.MkdirAll(deep, 0o755); err != nil {
		t.Fatal(err)
	}
	aboveHome := put(t, top)
	find := func(dir, home, want string) {
		t.Helper()
		if got, err := config.FindProjectFile(dir, home); got != want || err != nil {
			t.Errorf("from %s up to %q: %q, %v, want %q", dir, home, got, err, want)
		}
	}
	find(deep, home, "")
	find(deep, "", aboveHome)
	find(deep, home, "")
	inHome := put(t, home)
	find(deep, home, inHome)
	near := put(t, filepath.Join(home, "a"))
	find(deep, home, near)
	if err := os.Chmod(near, 0o666); err != nil {
		t.Fatal(err)
	}
	if path, err := config.FindProjectFile(deep, home); err == nil || !strings.Contains(err.Error(), "anybody") {
		t.Errorf("a file that everybody can write: %q, %v", path, err)
	}
}

// Only root can give a file away, so the case of another user's file in an open
// folder is tried where the test runs as root.
func TestPlantedFile(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("needs root to make another user's file")
	}
	dir := t.TempDir()
	path := put(t, dir)
	if err := os.Chown(path, 12345, 12345); err != nil {
		t.Fatal(err)
	}
	if got, err := config.FindProjectFile(dir, ""); got != path || err != nil {
		t.Errorf("a colleague's file in a closed folder: %q, %v", got, err)
	}
	if err := os.Chmod(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	if got, err := config.FindProjectFile(dir, ""); err == nil {
		t.Errorf("a planted file was accepted: %q", got)
	}
}

// Without a choice all pools of the files are selected, in their order; with one,
// the order is that of the choice, and flags of one pool win over those of all.
func TestSelection(t *testing.T) {
	user := write(t, "u.toml", "pool.dotted.cores = 1\n[pool.slow]\ncores = 2\n[pool.cpu]\ncores = 4\n")
	project := write(t, "p.toml", "[pool.gpu]\nqueue = \"g\"\n[pool.cpu]\nqueue = \"c\"\n")
	for _, test := range []struct {
		pools    []string
		env      string
		want, no string // pools, and error
	}{
		{nil, "", "slow cpu dotted gpu", ""},
		{[]string{"gpu", "cpu"}, "", "gpu cpu", ""},
		{nil, "cpu,gpu", "cpu gpu", ""},
		{[]string{"default"}, "cpu", "default", ""},
		{[]string{"gpu", "gpu"}, "", "", "named twice"},
		{[]string{"gpu", "fresh"}, "", "gpu fresh", ""},
		{[]string{"gpu", "cpux"}, "", "", `unknown pool "cpux"`},
	} {
		c, err := config.Load(config.Sources{
			Keys: topKeys, PoolKeys: poolKeys, UserFile: user, ProjectFile: project, Pools: test.pools, Environ: []string{"EWOKS_HPC_POOL=" + test.env},
			Flags:     map[string]config.Flag{"walltime": {Name: "walltime", Raw: "10"}, "queue": {Name: "queue", Raw: "all"}},
			PoolFlags: map[string]map[string]config.Flag{"gpu": {"queue": {Name: "queue", Raw: "mine"}}, "fresh": {"queue": {Name: "queue", Raw: "mine"}}, "cpux": {}},
		})
		if test.no != "" {
			if err == nil || !strings.Contains(err.Error(), test.no) {
				t.Errorf("%v: error %v", test.pools, err)
			}
			continue
		}
		if err != nil || strings.Join(c.Selected, " ") != test.want {
			t.Fatalf("%v %q: %v, %+v", test.pools, test.env, err, c)
		}
		for _, name := range c.Selected {
			want := map[string]string{"gpu": "mine", "fresh": "mine"}[name]
			if want == "" {
				want = "all"
			}
			if p := c.Pool(name); p["walltime"].Raw != "10" || p["queue"].Raw != want {
				t.Errorf("pool %s has %v", name, p)
			}
		}
	}
}

// Lists of tables are those of the strongest file that has them.
func TestTables(t *testing.T) {
	tables := map[string][]config.Key{"route": {{Name: "node"}, {Name: "cores"}}}
	user := write(t, "u.toml", "[[route]]\nnode = \"a*\"\n\n[[route]]\nnode = \"b\"\ncores = 2\n")
	load := func(files ...string) (*config.Config, error) {
		return config.Load(config.Sources{Keys: topKeys, PoolKeys: poolKeys, UserFile: files[0], ProjectFile: files[1], Tables: tables})
	}
	c, err := load(user, "")
	if err != nil {
		t.Fatal(err)
	}
	routes := c.Tables("route")
	if len(routes) != 2 || routes[0].Values["node"] != "a*" || routes[1].Values["cores"] != int64(2) || routes[1].Origin != user+", [[route]] number 2" {
		t.Errorf("routes %+v", routes)
	}
	if c, err = load(user, write(t, "p.toml", "[[route]]\nnode = \"c\"\n")); err != nil || len(c.Tables("route")) != 1 || c.Tables("route")[0].Values["node"] != "c" {
		t.Errorf("routes %+v, %v", c, err)
	}
	for text, want := range map[string]string{
		"[[route]]\nnod = 1\n": "unknown key of a route \"nod\"", "route = 3\n": "not a list of tables",
		"[[rout]]\nnode = \"a\"\n": "unknown key \"rout\"",
	} {
		if _, err := load("", write(t, "bad.toml", text)); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "bad.toml") {
			t.Errorf("%q: %v", text, err)
		}
	}
}
