package dashboard

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"

	"github.com/ewoks-hpc/ewoks-hpc/task"
)

// The read-only API: GET, JSON, documented in docs/dashboard.md and in schema/.

// api is the mux of what wants the token.
func (h *Handler) api() {
	for path, serve := range map[string]http.HandlerFunc{
		"/api/overview":                    h.overview,
		"/api/runs/{run}":                  h.run,
		"/api/campaigns/{name}":            h.campaign,
		"/api/campaigns/{name}/rows/{row}": h.row,
		"/api/activity":                    h.activity,
		"/api/attempts":                    h.attempts,
		"/api/log":                         h.log,
		"/api/events":                      h.events,
		"/api/session":                     h.sessionInfo,
		"POST /api/orders":                 h.order,
		"/metrics":                         h.metrics,
	} {
		h.mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) {
			if h.role(r) == stranger {
				w.Header().Set("WWW-Authenticate", "Bearer")
				h.refuseJSON(w, http.StatusUnauthorized, errNoToken)
				return
			}
			serve(w, r)
		})
	}
}

var errNoToken = errors.New("a token is needed: open the link that the launcher printed, or send Authorization: Bearer TOKEN")

func (h *Handler) overview(w http.ResponseWriter, _ *http.Request) {
	h.sendJSON(w, bound(h.o.Source.Overview()))
}

func (h *Handler) run(w http.ResponseWriter, r *http.Request) {
	if h.o.Runs == nil {
		h.refuseError(w, ErrNotFound)
		return
	}
	d, err := h.o.Runs.Run(r.PathValue("run"))
	if err != nil {
		h.refuseError(w, named404(err, "run", r.PathValue("run")))
		return
	}
	h.sendJSON(w, boundRun(d))
}

func (h *Handler) campaign(w http.ResponseWriter, r *http.Request) {
	if h.o.Campaigns == nil {
		h.refuseError(w, ErrNotFound)
		return
	}
	d, err := h.o.Campaigns.Campaign(r.PathValue("name"))
	if err != nil {
		h.refuseError(w, named404(err, "campaign", r.PathValue("name")))
		return
	}
	h.sendJSON(w, boundCampaign(d))
}

func (h *Handler) activity(w http.ResponseWriter, _ *http.Request) {
	if h.o.Attempts == nil {
		h.refuseError(w, ErrNotFound)
		return
	}
	h.sendJSON(w, newActivity(h.o.Attempts).look())
}

// How many attempts one answer holds.
const (
	someAttempts = 200
	maxAttempts  = 2000
)

// attemptsAnswer are attempts, oldest first.
type attemptsAnswer struct {
	Attempts []attempt `json:"attempts"`
	// Newest is the number to go on after.
	Newest uint64 `json:"newest"`
	// LeftOut is how many more match, older than these.
	LeftOut int `json:"left_out"`
}

type attempt struct {
	// Position is the attempt's number among all of the cluster.
	Position uint64 `json:"position"`
	task.Attempt
}

// attempts is GET /api/attempts?after=&most=&run=&campaign=&node=&worker=&status= .
func (h *Handler) attempts(w http.ResponseWriter, r *http.Request) {
	if h.o.Attempts == nil {
		h.refuseError(w, ErrNotFound)
		return
	}
	after, err := numberOf(r, "after", 0, 1<<62)
	most, err2 := numberOf(r, "most", someAttempts, maxAttempts)
	if err = errors.Join(err, err2); err != nil {
		h.refuseJSON(w, http.StatusBadRequest, err)
		return
	}
	list, newest := h.o.Attempts.Attempts(uint64(after), allAttempts)
	answer, matches := attemptsAnswer{Attempts: []attempt{}, Newest: newest}, filterOf(r)
	for i := len(list) - 1; i >= 0; i-- {
		if !matches(&list[i]) {
			continue
		}
		if len(answer.Attempts) == int(most) {
			answer.LeftOut++
			continue
		}
		answer.Attempts = append(answer.Attempts, attempt{newest - uint64(len(list)-1-i), boundAttempt(list[i])})
	}
	slices.Reverse(answer.Attempts)
	h.sendJSON(w, answer)
}

// filterOf tells which attempts a request means by the parameters that are there.
func filterOf(r *http.Request) func(*task.Attempt) bool {
	q := r.URL.Query()
	meets := func(name, value string) bool { return !q.Has(name) || q.Get(name) == value }
	return func(a *task.Attempt) bool {
		return meets("run", a.Run) && meets("campaign", a.Campaign) && meets("node", a.Node) &&
			meets("worker", a.Worker) && meets("status", a.Status)
	}
}

// numberOf reads a parameter between 0 and most.
func numberOf(r *http.Request, name string, standard, most int64) (int64, error) {
	text := r.URL.Query().Get(name)
	if text == "" {
		return standard, nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 || n > most {
		clip(maxName, &text)
		return 0, fmt.Errorf("%s=%s: want a number from 0 to %d", name, text, most)
	}
	return n, nil
}

// sessionAnswer is what a page may do.
type sessionAnswer struct {
	// Orders says that it may give orders, with OrderToken in X-Order-Token.
	Orders     bool   `json:"orders"`
	OrderToken string `json:"order_token,omitempty"`
	// ReadToken is that of a link for those who may only look.
	ReadToken string `json:"read_token,omitempty"`
	// What there is to see.
	Attempts  bool `json:"attempts"`
	Runs      bool `json:"runs"`
	Campaigns bool `json:"campaigns"`
	Rows      bool `json:"rows"`
	Logs      bool `json:"logs"`
}

func (h *Handler) sessionInfo(w http.ResponseWriter, r *http.Request) {
	s := sessionAnswer{
		Attempts: h.o.Attempts != nil, Runs: h.o.Runs != nil, Campaigns: h.o.Campaigns != nil, Rows: h.o.Rows != nil, Logs: h.o.Logs != nil,
	}
	if h.role(r) == operator {
		s.ReadToken = h.readToken()
		if s.Orders = h.o.Orders != nil; s.Orders {
			s.OrderToken = h.orderToken()
		}
	}
	h.sendJSON(w, s)
}

func (h *Handler) sendJSON(w http.ResponseWriter, v any) {
	body, err := json.Marshal(v)
	if err != nil {
		h.fail(w, err)
		return
	}
	send(w, http.StatusOK, "application/json", append(body, '\n'))
}

func (h *Handler) refuseJSON(w http.ResponseWriter, code int, err error) {
	send(w, code, "application/json", append(failureOf(err), '\n'))
}

// refuseError answers with what a source said.
func (h *Handler) refuseError(w http.ResponseWriter, err error) {
	code := http.StatusConflict
	if errors.Is(err, ErrNotFound) {
		code = http.StatusNotFound
	}
	h.refuseJSON(w, code, err)
}
