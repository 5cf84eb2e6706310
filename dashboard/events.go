package dashboard

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// keepAlive is the time after which a silent stream says that it is still there.
const keepAlive = 15 * time.Second

// events is GET /api/events?topics=overview,run:ID : server-sent events, first a
// snapshot of each topic, then differences. A client that lost the connection gets
// snapshots again, whatever its Last-Event-ID.
func (h *Handler) events(w http.ResponseWriter, r *http.Request) {
	topics, err := topicsOf(r.URL.Query().Get("topics"))
	if err != nil {
		h.refuseJSON(w, http.StatusBadRequest, err)
		return
	}
	w.Header().Set("Content-Type", "text/event-stream")
	if r.Method == http.MethodHead { // it has no end that could be waited for
		return
	}
	watcher, err := h.hub.watch(topics)
	if err != nil {
		w.Header().Set("Retry-After", "10")
		h.refuseJSON(w, http.StatusServiceUnavailable, err)
		return
	}
	defer h.hub.leave(watcher)
	s := stream{w: w, control: http.NewResponseController(w)}
	s.control.SetReadDeadline(time.Time{}) // the server's is for requests that end
	s.run(r, watcher)
}

// stream writes frames to one connection.
type stream struct {
	w       http.ResponseWriter
	control *http.ResponseController
}

func (s stream) run(r *http.Request, w *watcher) {
	silent := time.NewTicker(keepAlive)
	defer silent.Stop()
	err := s.write([]byte("retry: 2000\n\n"))
	for err == nil {
		select {
		case <-r.Context().Done():
			return
		case frame := <-w.queue:
			err = s.write(frame)
			silent.Reset(keepAlive)
		case <-silent.C:
			err = s.write([]byte(":\n\n"))
		}
	}
}

func (s stream) write(frame []byte) error {
	s.control.SetWriteDeadline(time.Now().Add(writeTime))
	if _, err := s.w.Write(frame); err != nil {
		return err
	}
	return s.control.Flush()
}

// frameOf is an event as it goes over the wire; data is JSON, which has no line ends.
func frameOf(event, topic string, data []byte) []byte {
	name, _ := json.Marshal(topic)
	return fmt.Appendf(make([]byte, 0, len(data)+len(name)+64), "event: %s\ndata: {\"topic\":%s,\"data\":%s}\n\n", event, name, data)
}

// failure is an error in JSON.
type failure struct {
	Error string `json:"error"`
	Hint  string `json:"hint,omitempty"`
}

func failureOf(err error) []byte {
	f := failure{Error: err.Error()}
	var hinted interface{ Hint() string }
	if errors.As(err, &hinted) {
		f.Hint = hinted.Hint()
	}
	clip(maxText, &f.Error, &f.Hint)
	text, _ := json.Marshal(f)
	return text
}

// topicsOf validates a list of topics; none is the overview.
func topicsOf(list string) ([]string, error) {
	if list == "" {
		return []string{topicOverview}, nil
	}
	names := strings.Split(list, ",")
	slices.Sort(names)
	names = slices.Compact(names)
	if len(names) > maxTopics {
		return nil, fmt.Errorf("%d topics, at most %d", len(names), maxTopics)
	}
	for _, n := range names {
		if len(n) > maxName+len(topicCampaign)+1 {
			return nil, errors.New("the name of a topic is too long")
		}
	}
	return names, nil
}
