package pyhost_test

import (
	"encoding/json"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/ewoks-hpc/ewoks-hpc/pyhost"
	"github.com/ewoks-hpc/ewoks-hpc/task"
)

// eventCases are executed one after the other, each twice: what is persisted
// already has the same events.
var eventCases = []typeCase{
	{kind: "class", identifier: "classes.Sum", inputs: inputs("a", "1")},
	{kind: "class", identifier: "Sum", inputs: inputs("a", "1"), label: "my label"},
	{kind: "method", identifier: "classes.count", inputs: inputs("a", "1")},
	{kind: "ppfmethod", identifier: "classes.ppfcount"},
	{kind: "ppfport", inputs: inputs("a", "1")},
	{kind: "script", identifier: "true"},
	{kind: "class", identifier: "classes.Progress"},
	{kind: "class", identifier: "classes.Fail", inputs: inputs("text", `"abc"`)},
	{kind: "class", identifier: "classes.Empty"},
	{kind: "class", identifier: "classes.Sum"}, // no input: no event
	{kind: "method", identifier: "plain.fail", inputs: inputs("text", `"abc"`)},
}

// The events of a task are those that ewokscore sends, from whichever process,
// whether or not its outputs are persisted already, and when the interpreter ends
// with the last result.
func TestEvents(t *testing.T) {
	for name, varinfo := range map[string]map[string]any{"plain": nil, "persisted": {"scheme": "json"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := taskFolder(t)
			ours, theirs := filepath.Join(dir, "ours"), filepath.Join(dir, "theirs")
			var asked, told map[string]any
			decode(t, execInfo(theirs, false, 0), &asked)
			delete(asked["execinfo"].(map[string]any), "workflow_id") // it is that of the graph
			decode(t, execInfo(ours, true, 0.01), &told)
			if varinfo != nil {
				varinfo["root_uri"] = dir + "/data"
				told["varinfo"], asked["varinfo"] = varinfo, varinfo
			}
			var q question
			for range 2 {
				executeAll(t, dir, told)
				for _, c := range eventCases {
					q.Execute = append(q.Execute, [2]any{c.graph(), asked})
				}
			}
			reference(t, dir, nil, q)
			got, pids := nodeEvents(events(t, ours))
			want, _ := nodeEvents(events(t, theirs))
			for i := range got {
				got[i].Engine = strings.Replace(got[i].Engine, "ewoks-hpc", "core", 1)
			}
			if len(pids) != 2 {
				t.Errorf("events are from the processes %v, want those of two interpreters", pids)
			}
			if len(want) != 2*2*(len(eventCases)-1) || !reflect.DeepEqual(got, want) {
				t.Errorf("%d events, ewokscore sends %d\n%+v\n%+v", len(got), len(want), got, want)
			}
		})
	}
}

// executeAll executes the cases in a new interpreter, ended with the last result.
func executeAll(t *testing.T, dir string, arguments map[string]any) {
	t.Helper()
	context, err := json.Marshal(arguments)
	if err != nil {
		t.Fatal(err)
	}
	p := launch(t, pyhost.Options{Python: withCore(t), Dir: dir})
	var reqs []*task.Request
	for i, c := range eventCases {
		reqs = append(reqs, c.request(uint64(i), context))
	}
	p.Submit(reqs)
	collect(t, p, len(reqs))
	p.Close()
}

// nodeEvents are the events of tasks, and the processes that they are from.
func nodeEvents(all []event) (list []event, pids map[int]bool) {
	pids = map[int]bool{}
	for _, e := range all {
		if e.Context == "node" {
			pids[e.Process], e.Process = true, 0
			list = append(list, e)
		}
	}
	return list, pids
}

// A task of a class knows its job, also when nobody sees events.
func TestJobOfTask(t *testing.T) {
	p := launch(t, pyhost.Options{Python: withCore(t), Dir: taskFolder(t)})
	r := p.execute(t, typeCase{kind: "class", identifier: "classes.Job"}.request(1, execInfo("", false, 0)))
	if got, want := shown(t, r), parsed(t, `{"job": "job", "workflow": "graph"}`); !reflect.DeepEqual(any(got), want) {
		t.Errorf("the task knows %v %s", got, r.Failure.Message)
	}
	if r.Stderr != "" {
		t.Errorf("printed %q", r.Stderr)
	}
}

// Events also go to Python's logging, for who has turned that on.
func TestEventsInLog(t *testing.T) {
	p := launch(t, pyhost.Options{Python: withCore(t), Dir: taskFolder(t)})
	context := execInfo("", false, 0)
	for i, c := range []typeCase{
		{kind: "method", identifier: "plain.nothing"},
		{kind: "method", identifier: "plain.log"},
		{kind: "method", identifier: "plain.nothing"},
		{kind: "class", identifier: "classes.Ident"},
	} {
		r := p.execute(t, c.request(uint64(i), context))
		seen := strings.Contains(r.Stderr, "task started") && strings.Contains(r.Stderr, "task finished")
		if r.Status != task.Succeeded || seen != (i > 1) {
			t.Errorf("task %d printed %q %s", i, r.Stderr, r.Failure.Message)
		}
	}
}

// What only ewokscore can do, it must be there for; for what nobody sees, not.
func TestNeedsCore(t *testing.T) {
	p := launch(t, pyhost.Options{Python: bare(t), Dir: taskFolder(t)})
	for i, c := range []struct {
		context json.RawMessage
		want    string
	}{
		{execInfo("", false, 0), ""},
		{object("varinfo", map[string]any{"root_uri": "", "scheme": "nexus"}), ""},
		{object("varinfo", nil, "execinfo", nil, "task_options", nil), ""},
		{execInfo("file", false, 0), "event handlers (execinfo) needs the Python package ewokscore"},
		{object("varinfo", map[string]any{"root_uri": "/nowhere"}), "persistence (varinfo) needs the Python package ewokscore"},
		{object("varinfo", map[string]any{"enable_hashing": true}), "persistence (varinfo) needs the Python package ewokscore"},
		{object("task_options", map[string]any{"profile_directory": "x"}), "task_options needs the Python package ewokscore"},
	} {
		f := p.execute(t, typeCase{kind: "method", identifier: "plain.nothing"}.request(uint64(i), c.context)).Failure
		if !strings.HasPrefix(f.Message, c.want) || (c.want == "") != (f.Message == "") || (c.want != "") != strings.Contains(f.Advice, "pip install ewokscore") {
			t.Errorf("%s: %q (%s), want %q", c.context, f.Message, f.Advice, c.want)
		}
	}
	r := p.execute(t, typeCase{kind: "method", identifier: "plain.log"}.request(100, execInfo("", false, 0)))
	if r = p.execute(t, typeCase{kind: "method", identifier: "plain.nothing"}.request(101, execInfo("", false, 0))); r.Status != task.Succeeded {
		t.Errorf("with a log: %s", r.Failure.Message)
	}
}

// task_options reach every task: here, a profile of each.
func TestProfile(t *testing.T) {
	dir := taskFolder(t)
	p := launch(t, pyhost.Options{Python: withCore(t), Dir: dir})
	context := map[string]json.RawMessage{"task_options": object("profile_directory", dir+"/profiles")}
	decode(t, execInfo("", false, 0), &context)
	text, _ := json.Marshal(context)
	for i, kind := range []typeCase{{kind: "class", identifier: "classes.Ident"}, {kind: "method", identifier: "plain.nothing"}} {
		r := kind.request(uint64(i), text)
		r.Node = "a:b"
		if result := p.execute(t, r); result.Status != task.Succeeded {
			t.Errorf("%s: %s", kind.identifier, result.Failure.Message)
		}
	}
	files, _ := filepath.Glob(dir + "/profiles/graph/job/*_a_b.prof")
	if len(files) != 2 {
		t.Errorf("profiles are %v", files)
	}
	r := p.execute(t, typeCase{kind: "method", identifier: "plain.nothing"}.request(9, object("task_options", map[string]any{"nonsense": 1})))
	if r.Failure.Type != "TypeError" || !strings.Contains(r.Failure.Message, "'nonsense'") {
		t.Errorf("an unknown option: %+v", r.Failure)
	}
}

// What is missing is missing for the first task too, which brings ewokscore.
func TestMissingAtFirst(t *testing.T) {
	for _, python := range [][]string{bare(t), withCore(t)} {
		p := launch(t, pyhost.Options{Python: python, Dir: taskFolder(t)})
		r := p.execute(t, typeCase{kind: "method", identifier: "plain.show", inputs: inputs("1", "1")}.request(1, nil))
		if got, want := any(shown(t, r)), parsed(t, `{"return_value": [["missing", 1], []]}`); !reflect.DeepEqual(got, want) {
			t.Errorf("%v: outputs %v %s", python, got, r.Failure.Message)
		}
	}
	p := launch(t, pyhost.Options{Python: withCore(t), Dir: taskFolder(t)})
	r := p.execute(t, typeCase{kind: "class", identifier: "classes.Optional", inputs: []task.Named{noValue("a")}}.request(1, nil))
	if got, want := any(shown(t, r)), parsed(t, `{"given": []}`); !reflect.DeepEqual(got, want) {
		t.Errorf("outputs %v %s", got, r.Failure.Message)
	}
}

// The context of a task is its own, whatever that of the task before was.
func TestContexts(t *testing.T) {
	dir := taskFolder(t)
	p := launch(t, pyhost.Options{Python: withCore(t), Dir: dir, Threads: 2})
	for i, file := range []string{"one", "two", "one"} {
		r := p.execute(t, typeCase{kind: "method", identifier: "plain.nothing"}.request(uint64(i), execInfo(filepath.Join(dir, file), false, 0)))
		if r.Status != task.Succeeded {
			t.Error(r.Failure.Message)
		}
	}
	for file, n := range map[string]int{"one": 4, "two": 2} {
		if got := len(events(t, filepath.Join(dir, file))); got != n {
			t.Errorf("%d events in %s, want %d", got, file, n)
		}
	}
}

func BenchmarkClass(b *testing.B) {
	for name, context := range map[string]json.RawMessage{"alone": nil, "context": execInfo("", false, 0)} {
		b.Run(name, func(b *testing.B) {
			p := launch(b, pyhost.Options{Python: withCore(b), Dir: taskFolder(b)})
			var reqs []*task.Request
			for seq := range uint64(b.N) {
				r := typeCase{kind: "class", identifier: "classes.Extra", inputs: inputs("a", "1")}.request(seq, context)
				r.Wanted = task.Wanted{Keep: true}
				reqs = append(reqs, r)
			}
			p.execute(b, typeCase{kind: "class", identifier: "classes.Ident"}.request(1<<40, context))
			b.ResetTimer()
			p.Submit(reqs)
			for n := 0; n < b.N; {
				n += len(<-p.results)
			}
		})
	}
}
