package dashboard

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"
)

// merge applies a JSON merge patch as RFC 7396 says, by its own pseudocode.
func merge(target, patch any) any {
	changes, ok := patch.(map[string]any)
	if !ok {
		return patch
	}
	object, ok := target.(map[string]any)
	if !ok {
		object = map[string]any{}
	}
	for name, value := range changes {
		if value == nil {
			delete(object, name)
		} else {
			object[name] = merge(object[name], value)
		}
	}
	return object
}

func parsed(t *testing.T, text []byte) (v any) {
	t.Helper()
	if err := json.Unmarshal(text, &v); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	return v
}

// Random changes: what a watcher patches together is what the source shows.
func TestPatchesMakeTheWhole(t *testing.T) {
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 1))
	t.Logf("seed %d", seed)
	random := func() (o Overview) {
		text := func() string { return []string{"", "a", "b", "<c>", "é\"\\"}[r.IntN(5)] }
		for i := range r.IntN(6) {
			if r.IntN(3) == 0 {
				continue
			}
			o.Workers = append(o.Workers, Worker{Worker: fmt.Sprint("w", i), Host: text(), Slots: r.IntN(3), Busy: r.IntN(2), Leaving: r.IntN(2) == 0, Since: time.Unix(int64(r.IntN(2)), 0)})
			p := Pool{Pool: fmt.Sprint("p", i), Demand: r.IntN(2)}
			if r.IntN(2) == 0 {
				p.Stopped = &Stopped{Reason: text()}
				p.Excluded = []Excluded{{Node: text()}}
			}
			o.Pools = append(o.Pools, p)
			run := Run{Run: fmt.Sprint(i), Message: text()}
			run.Counts.Nodes = r.IntN(3)
			o.Runs = append(o.Runs, run)
			o.Campaigns = append(o.Campaigns, Campaign{Campaign: fmt.Sprint("c", i), Rate: float64(r.IntN(2)) / 3, Reasons: []Reason{{Rows: r.IntN(2), Text: text()}}})
		}
		if r.IntN(2) == 0 {
			o.Notices = []string{text()}
		}
		o.Causes = map[string]uint64{text(): 1, "x": r.Uint64N(2)}
		return o
	}
	var current Overview
	f, _ := newDocument(func() (board, error) { return boardOf(current), nil })
	seen := parsed(t, f.snapshot())
	for range 500 {
		if r.IntN(5) > 0 {
			current = random()
		}
		event, data, err := f.advance()
		if err != nil {
			t.Fatal(err)
		}
		if event != "" {
			seen = merge(seen, parsed(t, data))
		}
		if want := parsed(t, f.snapshot()); !reflect.DeepEqual(seen, want) {
			t.Fatalf("after %s\n%v\n%v", data, seen, want)
		}
	}
}

// The board and those of a run and a campaign embed structs with names that hide
// others: what is patched has the fields that encoding/json has.
func TestFieldsAreThoseOfJSON(t *testing.T) {
	for _, v := range []any{&board{}, &runBoard{}, &campaignBoard{}, &pulse{}} {
		value := reflect.ValueOf(v).Elem()
		fill(value, "x")
		text, _ := json.Marshal(value.Interface())
		got := map[string]any{}
		for _, f := range fieldsOf(value.Type()) {
			field := value.FieldByIndex(f.index)
			if !f.omit || !empty(field) {
				got[strings.Trim(f.prefix, `":`)] = parsed(t, appendValue(nil, field))
			}
		}
		if want := parsed(t, text); !reflect.DeepEqual(any(got), want) {
			t.Errorf("%T:\n%v\n%v", v, got, want)
		}
	}
}

// reading is one event stream.
type reading struct {
	t     *testing.T
	lines *bufio.Reader
	end   context.CancelFunc
}

func (s *site) watch(topics string) *reading {
	s.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	r, err := http.NewRequestWithContext(ctx, "GET", "http://"+s.addr+"/api/events?topics="+topics, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	got, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { cancel(); got.Body.Close() })
	if got.StatusCode != http.StatusOK || got.Header.Get("Content-Type") != "text/event-stream" {
		s.t.Fatalf("%s, %s", got.Status, got.Header.Get("Content-Type"))
	}
	return &reading{s.t, bufio.NewReaderSize(got.Body, 1<<20), cancel}
}

type event struct {
	name  string
	Topic string
	Data  json.RawMessage
}

// next is the next event; it fails the test if the stream ends.
func (r *reading) next() (e event) {
	r.t.Helper()
	for {
		line, err := r.lines.ReadString('\n')
		if err != nil {
			r.t.Fatalf("stream: %v", err)
		}
		if name, ok := strings.CutPrefix(line, "event: "); ok {
			e.name = strings.TrimSpace(name)
		}
		if data, ok := strings.CutPrefix(line, "data: "); ok {
			if err := json.Unmarshal([]byte(data), &e); err != nil {
				r.t.Fatalf("%v in %s", err, data)
			}
			return e
		}
	}
}

// open counts the watchers until there are n.
func (s *site) watchers(n int) {
	s.t.Helper()
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
		s.h.hub.mu.Lock()
		have, running := len(s.h.hub.watchers), s.h.hub.running
		s.h.hub.mu.Unlock()
		if have == n && (running || n == 0 && !running) {
			return
		}
		if time.Now().After(end) {
			s.t.Fatalf("%d watchers, want %d", have, n)
		}
	}
}

// One computation for all watchers, and none without them.
func TestOneComputationForAll(t *testing.T) {
	l := newLoad(50, 1000, 100)
	s := serveLoad(t, l)
	looks := func() int { l.mu.Lock(); defer l.mu.Unlock(); return l.looks }
	if n := looks(); n != 0 {
		t.Fatalf("%d looks before anybody watches", n)
	}
	var all []*reading
	for range 20 {
		all = append(all, s.watch("overview"))
	}
	for _, w := range all {
		if e := w.next(); e.name != "snapshot" || e.Topic != "overview" {
			t.Fatalf("first is %+v", e)
		}
	}
	const patches = 8
	before := looks()
	for range patches {
		for _, w := range all {
			if e := w.next(); e.name != "patch" {
				t.Fatalf("then %s", e.name)
			}
		}
	}
	if n := looks() - before; n > 2*patches {
		t.Errorf("%d looks for %d patches to 20 watchers", n, patches)
	}
	for _, w := range all {
		w.end()
	}
	s.watchers(0)
	before = looks()
	time.Sleep(3 * hotTick)
	if n := looks() - before; n != 0 {
		t.Errorf("%d looks while nobody watches", n)
	}
}

// Who is too slow for the differences gets a snapshot, and is right again.
func TestSlowWatcherGetsASnapshot(t *testing.T) {
	l := newLoad(5, 1000, 100)
	h := New(l.options())
	h.hub.running = true // the test ticks
	w, err := h.hub.watch([]string{topicOverview, topicActivity})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 3 * maxQueue {
		l.mu.Lock()
		l.totals.Lost++ // something happens
		l.mu.Unlock()
		h.hub.tick()
		if len(w.queue) > maxQueue {
			t.Fatalf("%d frames wait after %d ticks", len(w.queue), i)
		}
	}
	if !w.behind {
		t.Fatal("not behind")
	}
	for len(w.queue) > 0 {
		<-w.queue
	}
	h.hub.tick()
	if w.behind || len(w.queue) != 2 {
		t.Fatalf("%d frames wait", len(w.queue))
	}
	for range 2 {
		if f := string(<-w.queue); !strings.HasPrefix(f, "event: snapshot\n") {
			t.Errorf("%.40s", f)
		}
	}
}

func TestTaskStreamHasNoGap(t *testing.T) {
	l := newLoad(50, 2000, 30_000)
	s := serveLoad(t, l)
	w := s.watch("tasks")
	var got tasks
	e := w.next()
	if err := json.Unmarshal(e.Data, &got); err != nil || e.name != "snapshot" {
		t.Fatal(err, e.name)
	}
	if len(got.Rows) != maxStream {
		t.Errorf("%d rows at first", len(got.Rows))
	}
	next := got.Rows[0][6]
	for range 4 {
		for _, row := range got.Rows {
			if row[6] != next || row[0] >= int64(len(got.Texts)) {
				t.Fatalf("task %d, want %d", row[6], next)
			}
			next++
		}
		if got.Newest != uint64(next) {
			t.Fatalf("newest %d after task %d", got.Newest, next)
		}
		got = tasks{}
		if err := json.Unmarshal(w.next().Data, &got); err != nil {
			t.Fatal(err)
		}
	}
}

func TestStreamOutlivesTheServersTimeouts(t *testing.T) {
	if testing.Short() {
		t.Skip("takes longer than a request may")
	}
	s := serveLoad(t, newLoad(2, 100, 10))
	w := s.watch("overview")
	for end := time.Now().Add(readTime + 2*time.Second); time.Now().Before(end); {
		w.next()
	}
}

func TestTopics(t *testing.T) {
	s := serveLoad(t, newLoad(2, 10, 10))
	for topic, want := range map[string]string{
		"overview": "snapshot", "": "snapshot", "activity": "snapshot", "tasks": "snapshot", "run:run-0001": "snapshot", "campaign:night-42": "snapshot",
		"run:nobody": "gone", "run": "gone", "campaign:%3Cb%3E": "gone", "nonsense": "gone",
	} {
		if e := s.watch(topic).next(); e.name != want {
			t.Errorf("%s: %s %s", topic, e.name, e.Data)
		}
	}
	for _, wrong := range []string{"a,b,c,d,e", "run:" + strings.Repeat("x", 1000)} {
		if got := s.do("GET", "/api/events?topics="+wrong, header("Authorization", "Bearer "+token)); got.StatusCode != http.StatusBadRequest {
			t.Errorf("%.20s: %s", wrong, got.Status)
		}
	}
}

func TestHeadOfAStreamEnds(t *testing.T) {
	s := serveLoad(t, newLoad(2, 10, 10))
	got := s.do("HEAD", "/api/events", header("Authorization", "Bearer "+token))
	if got.StatusCode != http.StatusOK || got.Header.Get("Content-Type") != "text/event-stream" {
		t.Errorf("%s %s", got.Status, got.Header.Get("Content-Type"))
	}
	s.watchers(0)
}

func TestTooManyWatchers(t *testing.T) {
	s := serveLoad(t, newLoad(2, 10, 10))
	for range maxWatchers {
		s.watch("overview").next()
	}
	got := s.do("GET", "/api/events", header("Authorization", "Bearer "+token))
	if got.StatusCode != http.StatusServiceUnavailable || got.Header.Get("Retry-After") == "" {
		t.Errorf("%s", got.Status)
	}
	s.see("/api/overview")
}

// vanishing is a run that is forgotten while somebody watches.
type vanishing struct {
	*load
	gone chan struct{}
}

func (v vanishing) Run(id string) (RunDetail, error) {
	select {
	case <-v.gone:
		return RunDetail{}, ErrNotFound
	default:
		return v.load.Run(id)
	}
}

func TestRunThatIsForgotten(t *testing.T) {
	v := vanishing{newLoad(2, 10, 10), make(chan struct{})}
	o := v.options()
	o.Runs = v
	s := serveOptions(t, o)
	w := s.watch("run:run-0001")
	if e := w.next(); e.name != "snapshot" {
		t.Fatal(e.name)
	}
	close(v.gone)
	for e := w.next(); e.name != "gone"; e = w.next() {
	}
}

func BenchmarkTick(b *testing.B) {
	l := newLoad(500, 1000, 20_000)
	h := New(l.options())
	h.hub.running = true
	w, _ := h.hub.watch([]string{topicOverview, topicActivity, topicTasks})
	for b.Loop() {
		l.mu.Lock()
		for i := range l.done {
			l.done[i]++
		}
		l.mu.Unlock()
		h.hub.tick()
		for len(w.queue) > 0 {
			<-w.queue
		}
	}
}
