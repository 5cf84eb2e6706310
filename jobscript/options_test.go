package jobscript_test

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/jobscript"
)

func find(t *testing.T, key string) jobscript.Option {
	t.Helper()
	for _, option := range jobscript.Options() {
		if option.Key == key {
			return option
		}
	}
	t.Fatalf("no option %q", key)
	return jobscript.Option{}
}

// Every field of Pool but its name has one option, and no two share a field.
func TestOptionsCoverThePool(t *testing.T) {
	var pool jobscript.Pool
	seen := map[string]bool{}
	for _, option := range jobscript.Options() {
		for _, flag := range append([]string{option.Flag}, option.Aliases...) {
			if seen[flag] {
				t.Errorf("flag %q appears twice", flag)
			}
			seen[flag] = true
		}
		if option.Help == "" || option.Get(pool) != nil {
			t.Errorf("%s: help %q, value of an empty pool %v", option.Key, option.Help, option.Get(pool))
		}
		sample := map[jobscript.Kind]string{jobscript.Int: "2", jobscript.Bool: "true", jobscript.Duration: "60s", jobscript.String: "a", jobscript.List: "--mem"}[option.Kind]
		switch option.Key {
		case "memory", "mem_per_cpu", "job_mem":
			sample = "4G"
		case "log_directory", "local_directory", "venv":
			sample = "/x"
		case "worker_per":
			sample = jobscript.WorkerPerJob
		case "modules":
			sample = "cuda/12"
		case "shebang":
			sample = jobscript.DefaultShebang
		}
		if err := option.Set(&pool, sample); err != nil {
			t.Errorf("%s = %q: %v", option.Key, sample, err)
		}
		if option.Get(pool) == nil {
			t.Errorf("%s is set and not there", option.Key)
		}
	}
	value := reflect.ValueOf(pool)
	for i := range value.NumField() {
		if name := value.Type().Field(i).Name; name != "Name" && value.Field(i).IsZero() {
			t.Errorf("no option sets %s", name)
		}
	}
	if n := value.NumField() - 1; n != len(jobscript.Options()) {
		t.Errorf("%d options for %d fields", len(jobscript.Options()), n)
	}
}

func TestFlags(t *testing.T) {
	option := find(t, "job_extra_directives")
	if option.Flag != "job-extra-directive" || !reflect.DeepEqual(option.Aliases, []string{"job-extra-directives"}) {
		t.Errorf("flag %q, aliases %q", option.Flag, option.Aliases)
	}
	if flag := find(t, "mem_per_cpu").Flag; flag != "mem-per-cpu" {
		t.Errorf("flag %q", flag)
	}
}

func TestSetAny(t *testing.T) {
	for _, test := range []struct {
		key  string
		raw  any
		want any // nil for an error
	}{
		{"cores", int64(4), 4},
		{"cores", "4", 4},
		{"cores", 4.5, nil},
		{"cores", "0", nil},
		{"cores", []any{int64(4)}, nil},
		{"queue", "gpu", "gpu"},
		{"queue", "", nil},
		{"queue", "a b", nil},
		{"exclusive", true, true},
		{"exclusive", "yes please", nil},
		{"walltime", int64(20), 20 * time.Minute},
		{"walltime", "1-0", 24 * time.Hour},
		{"death_timeout", int64(90), 90 * time.Second},
		{"job_extra_directives", []any{"--gres=gpu:1", "-t 1"}, []string{"--gres=gpu:1", "-t 1"}},
		{"job_extra_directives", "--gres=gpu:1", []string{"--gres=gpu:1"}},
		{"job_extra_directives", []any{map[string]any{}}, nil},
	} {
		var pool jobscript.Pool
		err := find(t, test.key).SetAny(&pool, test.raw)
		var option *jobscript.OptionError
		if got := find(t, test.key).Get(pool); !reflect.DeepEqual(got, test.want) || (err == nil) != (test.want != nil) {
			t.Errorf("%s = %v gives %v, %v", test.key, test.raw, got, err)
		} else if err != nil && (!errors.As(err, &option) || !strings.HasPrefix(err.Error(), test.key+": ")) {
			t.Errorf("%v does not name %s", err, test.key)
		}
	}
}

func TestSetReplacesLists(t *testing.T) {
	pool := jobscript.Pool{WorkerExtraArgs: []string{"a", "b"}}
	option := find(t, "worker_extra_args")
	if err := option.Set(&pool, "c"); err != nil || !reflect.DeepEqual(pool.WorkerExtraArgs, []string{"c"}) {
		t.Errorf("%v: %q", err, pool.WorkerExtraArgs)
	}
	if err := option.Set(&pool); err != nil || option.Get(pool) != nil {
		t.Errorf("%v: %q", err, pool.WorkerExtraArgs)
	}
}
