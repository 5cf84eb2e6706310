package dashboard

import (
	"errors"
	"sync"
	"time"
)

// How often watchers are told what is new, and how much may wait for one.
const (
	hotTick     = 250 * time.Millisecond
	coldTick    = time.Second // when nothing happened
	maxWatchers = 40
	maxTopics   = 4  // of one watcher
	maxQueue    = 16 // frames
)

var errTooMany = errors.New("too many pages watch this cluster at once")

// feed is one topic as its watchers know it.
type feed interface {
	// snapshot encodes all of it as JSON.
	snapshot() []byte
	// advance looks at the source and returns what is new as an event with JSON,
	// nil if nothing is. After an error the feed is over.
	advance() (event string, data []byte, err error)
}

// topic is a feed with those who watch it.
type topic struct {
	feed     feed
	watchers map[*watcher]struct{}
	// frame is that of the snapshot, once somebody has asked for it.
	frame []byte
}

// watcher is one open page. Frames it gets are shared and must not be changed.
type watcher struct {
	queue  chan []byte
	topics []string
	// behind watchers missed something: they get snapshots once their queue is empty.
	behind bool
}

// hub computes what is new once for all watchers, and nothing while there are none.
type hub struct {
	open      func(topic string) (feed, error)
	hot, cold time.Duration

	mu       sync.Mutex
	topics   map[string]*topic
	watchers map[*watcher]struct{}
	running  bool
	deserted chan struct{} // told when the last watcher leaves
}

func newHub(open func(string) (feed, error)) *hub {
	return &hub{
		open: open, hot: hotTick, cold: coldTick,
		topics: map[string]*topic{}, watchers: map[*watcher]struct{}{}, deserted: make(chan struct{}, 1),
	}
}

// watch adds a watcher, who gets a snapshot of each topic first.
func (h *hub) watch(topics []string) (*watcher, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.watchers) >= maxWatchers {
		return nil, errTooMany
	}
	w := &watcher{queue: make(chan []byte, maxQueue), topics: topics}
	for _, name := range topics {
		h.join(w, name)
	}
	h.watchers[w] = struct{}{}
	if !h.running {
		h.running = true
		go h.run()
	}
	return w, nil
}

// join lets a watcher of a topic that does not exist know why.
func (h *hub) join(w *watcher, name string) {
	t := h.topics[name]
	if t == nil {
		f, err := h.open(name)
		if err != nil {
			w.queue <- frameOf("gone", name, failureOf(err))
			return
		}
		t = &topic{feed: f, watchers: map[*watcher]struct{}{}}
		h.topics[name] = t
	}
	t.watchers[w] = struct{}{}
	w.queue <- t.snapshot(name)
}

// leave removes a watcher, and the topics that nobody else watches.
func (h *hub) leave(w *watcher) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.watchers, w)
	for _, name := range w.topics {
		if t := h.topics[name]; t != nil {
			delete(t.watchers, w)
			if len(t.watchers) == 0 {
				delete(h.topics, name)
			}
		}
	}
	if len(h.watchers) == 0 {
		select {
		case h.deserted <- struct{}{}:
		default:
		}
	}
}

// run ends with the last watcher.
func (h *hub) run() {
	pause := h.hot
	for {
		select {
		case <-time.After(pause):
		case <-h.deserted:
		}
		watched, hot := h.tick()
		if !watched {
			return
		}
		if pause = h.cold; hot {
			pause = h.hot
		}
	}
}

// tick tells what is new since the last one.
func (h *hub) tick() (watched, hot bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.watchers) == 0 {
		h.running = false
		return false, false
	}
	for name, t := range h.topics {
		event, data, err := t.feed.advance()
		if err != nil {
			event, data = "gone", failureOf(err)
			delete(h.topics, name)
		}
		if data == nil {
			continue
		}
		hot, t.frame = true, nil
		t.tell(frameOf(event, name, data))
	}
	for w := range h.watchers {
		h.catchUp(w)
	}
	return true, hot
}

// catchUp gives snapshots to a watcher who was too slow for the differences.
func (h *hub) catchUp(w *watcher) {
	if !w.behind || len(w.queue) > 0 {
		return
	}
	w.behind = false
	for _, name := range w.topics {
		if t := h.topics[name]; t != nil {
			w.queue <- t.snapshot(name)
		}
	}
}

func (t *topic) snapshot(name string) []byte {
	if t.frame == nil {
		t.frame = frameOf("snapshot", name, t.feed.snapshot())
	}
	return t.frame
}

func (t *topic) tell(frame []byte) {
	for w := range t.watchers {
		if w.behind {
			continue
		}
		select {
		case w.queue <- frame:
		default:
			w.behind = true
		}
	}
}
