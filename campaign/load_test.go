package campaign_test

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/campaign"
	"github.com/ewoks-hpc/ewoks-hpc/workflow"
)

const night = `
name = "night"
workflow = "graph.json"
glob = "raw/*.h5"
outputs = [{id = "save", name = "result", new_name = "r"}]
granularity = "task"
max_in_flight = 200
max_failures = 10
priority = -3
retries = 2
cluster = "beamline"

[inputs]
path = "a:b:file"
output = ["save:file", "save:again"]

[derived]
base = "{stem}"
output = "{base}_out.h5"
`

func TestLoad(t *testing.T) {
	dir := t.TempDir()
	path := write(t, dir, "x.toml", night)
	write(t, dir, "graph.json", graph)
	write(t, dir, "raw/1.h5", "")
	d, err := campaign.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	if d.Name != "night" || d.Workflow != filepath.Join(dir, "graph.json") || d.Granularity != campaign.ByTask || d.MaxInFlight != 200 || d.MaxFailures != 10 ||
		d.Priority != -3 || d.Retries != 2 || d.Cluster != "beamline" || d.Table.Glob != "raw/*.h5" {
		t.Errorf("definition %+v", d)
	}
	if outputs, err := d.OutputSelectors(); err != nil || len(outputs) != 1 || *outputs[0].ID != "save" || outputs[0].NewName != "r" {
		t.Errorf("outputs %+v, %v", outputs, err)
	}
	want := []campaign.Assignment{{"path", "a:b:file", path + ":14"}, {"output", "save:file", path + ":15"}, {"output", "save:again", path + ":15"}}
	if !reflect.DeepEqual(d.Inputs, want) {
		t.Errorf("inputs %+v", d.Inputs)
	}
	// and all of it together
	w, err := workflow.LoadFile(d.Workflow, workflow.LoadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	table := open(t, d.Table)
	m, err := campaign.NewMapping(campaign.MappingOptions{Columns: table.Columns(), Derived: d.Derived, Inputs: d.Inputs, Workflow: w})
	if err != nil {
		t.Fatal(err)
	}
	for row, err := range table.Rows(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		item, err := m.Item(row)
		if want := `{"path":"` + dir + `/raw/1.h5","base":"1","output":"1_out.h5"}`; err != nil || string(item.Params) != want {
			t.Errorf("item %s, want %s, %v", item.Params, want, err)
		}
	}
}

func outputs(d campaign.Definition) []workflow.OutputSelector {
	selectors, _ := d.OutputSelectors()
	return selectors
}

// A definition comes out of a ledger as it went in, but for places in files.
func TestDefinitionJSON(t *testing.T) {
	text := strings.Replace(night, `glob = "raw/*.h5"`, "", 1) + "\n[rows]\na = [1, {b = 'x'}]\n[product]\nc = ['y']\n"
	d, err := campaign.Load(write(t, t.TempDir(), "x.toml", text))
	if err != nil {
		t.Fatal(err)
	}
	data, err := json.Marshal(d)
	if err != nil {
		t.Fatal(err)
	}
	var got campaign.Definition
	if err := json.Unmarshal(data, &got); err != nil {
		t.Fatal(err)
	}
	for i := range d.Inputs {
		d.Inputs[i].Where = ""
	}
	for i := range d.Derived {
		d.Derived[i].Where = ""
	}
	if !reflect.DeepEqual(got, d) {
		t.Errorf("got %+v, want %+v", got, d)
	}
}

func TestLoadForms(t *testing.T) {
	for text, check := range map[string]func(d campaign.Definition) bool{
		`table = "t.csv"`: func(d campaign.Definition) bool {
			return d.Table.File == "t.csv" && d.Name == "x.y" && d.Granularity == campaign.ByRow && outputs(d) == nil
		},
		`outputs = "none"`: func(d campaign.Definition) bool { return outputs(d) != nil && len(outputs(d)) == 0 },
		`outputs = "all"`:  func(d campaign.Definition) bool { return len(outputs(d)) == 1 && outputs(d)[0].All },
		`outputs = "end"`:  func(d campaign.Definition) bool { return outputs(d) == nil },
		`outputs = []`:     func(d campaign.Definition) bool { return outputs(d) != nil && len(outputs(d)) == 0 },
		"[rows]\na = [1]\n[product]\nb=[2]": func(d campaign.Definition) bool {
			return len(d.Table.Lists.Rows) == 1 && d.Table.Lists.Product[0].Column == "b"
		},
	} {
		d, err := campaign.Load(write(t, t.TempDir(), "x.y.toml", "workflow = '/w'\n"+text))
		if err != nil || !check(d) || d.Workflow != "/w" {
			t.Errorf("%s: %+v, %v", text, d, err)
		}
	}
}

func TestLoadRefused(t *testing.T) {
	for _, test := range []struct{ text, where, message, hint string }{
		{"wokflow = 'a'", ":1", `unknown key "wokflow"`, `"workflow"`},
		{"\n[derive]\na = 'x'", ":", `unknown key "derive"`, `"derived"`},
		{"zzzzzzzzz = 1", ":1", "unknown key", "there are: cluster, glob"},
		{"workflow = = 1", ":1:12", "", ""},
		{"name = 'a'", "x.toml", "has no workflow", "workflow ="},
		{"workflow = 'a'\nname = 'a/b'", "x.toml", `"a/b" is not a name`, "letters"},
		{"workflow = 3", ":1", "workflow: 3 is not a text", ""},
		{"workflow = ''", ":1", "not a text", ""},
		{"workflow = 'a'\nretries = 'x'", ":2", "retries: x is not a number", ""},
		{"workflow = 'a'\nretries = -1", "x.toml", "retries is -1", "0 to 1000"},
		{"workflow = 'a'\nmax_failures = 1.5", ":2", "max_failures", ""},
		{"workflow = 'a'\nmax_in_flight = 99999999999", ":2", "too large", ""},
		{"workflow = 'a'\ngranularity = 'node'", "x.toml", `unknown granularity "node"`, `"row"`},
		{"workflow = 'a'\noutputs = 'last'", ":2", `outputs: "last" is no selection`, `"end"`},
		{"workflow = 'a'\noutputs = 3", ":2", "outputs", `"end"`},
		{"workflow = 'a'\ninputs = 3", ":2", "inputs is not a table", "[inputs]"},
		{"workflow = 'a'\n[inputs]\n\na = 3", ":4", "inputs.a is not the name", "NODE:NAME"},
		{"workflow = 'a'\n[derived]\na = 3", ":3", "derived.a is not a template", "{stem}"},
		{"workflow = 'a'\n[derived]\na = '{'", ":3", "derived.a: template", "{stem}"},
		{"workflow = 'a'\n[product]\na = 3", ":3", "not a list", ""},
		{"[workflow]\na = 3", ":1", "not a text", ""},
		{strings.Repeat("#", 17<<20), "x.toml", "more than 16777216 bytes", "CSV"},
	} {
		path := write(t, t.TempDir(), "x.toml", test.text)
		if _, err := campaign.Load(path); err == nil || !strings.HasPrefix(err.Error(), strings.TrimSuffix(path, "x.toml")) ||
			!strings.Contains(err.Error(), test.where) || !strings.Contains(err.Error(), test.message) || !strings.Contains(hint(err), test.hint) {
			t.Errorf("%.60q: %v (%s), want %s %s (%s)", test.text, err, hint(err), test.where, test.message, test.hint)
		}
	}
	if _, err := campaign.Load(filepath.Join(t.TempDir(), "absent.toml")); err == nil {
		t.Error("an absent file")
	}
}

func TestSummary(t *testing.T) {
	now := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	for _, test := range []struct {
		s    campaign.Summary
		rate float64
		left string
	}{
		{campaign.Summary{Recent: 120, Window: time.Minute, FirstEnd: now.Add(-time.Hour), Counts: campaign.Counts{Waiting: 19, Running: 1}}, 2, "10s true"},
		{campaign.Summary{Recent: 20, Window: time.Minute, FirstEnd: now.Add(-10 * time.Second), Counts: campaign.Counts{Waiting: 4}}, 2, "2s true"},
		{campaign.Summary{Recent: 1, Window: time.Minute, FirstEnd: now.Add(-10 * time.Second), Counts: campaign.Counts{Waiting: 4}}, 0, "0s false"},
		{campaign.Summary{Recent: 5, Window: time.Minute, FirstEnd: now, Counts: campaign.Counts{Waiting: 4}}, 0, "0s false"},
		{campaign.Summary{Window: time.Minute, Counts: campaign.Counts{Done: 3, Failed: 2}}, 0, "0s true"},
	} {
		left, ok := test.s.TimeLeft(now)
		if got := fmt.Sprint(left, ok); got != test.left || test.s.Rate(now) != test.rate {
			t.Errorf("%+v: rate %v, left %s", test.s, test.s.Rate(now), got)
		}
	}
	var c campaign.Counts
	for i, s := range campaign.States() {
		*c.Of(s) = 1 << i
	}
	if c != (campaign.Counts{Waiting: 1, Running: 2, Done: 4, Failed: 8, Skipped: 16, Cancelled: 32}) || c.Total() != 63 || c.Left() != 3 || c.Of("x") != nil {
		t.Errorf("counts %+v", c)
	}
	for want, r := range map[string]campaign.Reason{"34x FileNotFoundError in integrate": {Count: 34, Type: "FileNotFoundError", Task: "integrate"}, "1x timeout": {Count: 1, Type: "timeout"}} {
		if r.String() != want {
			t.Errorf("%s, want %s", r, want)
		}
	}
}
