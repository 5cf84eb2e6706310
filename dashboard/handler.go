package dashboard

import (
	"crypto/rand"
	"log/slog"
	"net/http"
	"strconv"
)

// headers go with every response.
var headers = map[string]string{
	"Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; worker-src 'self'; connect-src 'self'; img-src 'self'; " +
		"base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
	"X-Content-Type-Options":       "nosniff",
	"X-Frame-Options":              "DENY",
	"Referrer-Policy":              "no-referrer",
	"Cross-Origin-Opener-Policy":   "same-origin",
	"Cross-Origin-Resource-Policy": "same-origin",
	"Cache-Control":                "no-store",
}

// Options configure a Handler.
type Options struct {
	Source Source
	// What is nil is not offered: no stream of tasks, no page of a run...
	Attempts  Attempts
	Runs      Runs
	Campaigns Campaigns
	Rows      Rows
	Logs      Logs
	// Orders nil makes a page that only shows.
	Orders Orders
	// Token lets in whoever has it. Empty means a fresh random one; see Link.
	Token  string
	Logger *slog.Logger // nil discards
}

// Handler serves the page, the API, /metrics and /healthz.
type Handler struct {
	o       Options
	token   string
	mux     *http.ServeMux
	hub     *hub
	metrics http.HandlerFunc
	// shell is the page with scripts; nil if it was not built in.
	shell *asset
}

// New prepares a handler. It answers only requests that came over a real
// connection, because it compares their Host with the address they came to.
func New(o Options) *Handler {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	h := &Handler{o: o, token: o.Token, mux: http.NewServeMux()}
	if h.token == "" {
		h.token = rand.Text()
	}
	h.hub = newHub(h.openFeed)
	h.metrics = newMetrics(o.Source).ServeHTTP
	h.mux.HandleFunc("/{$}", h.home)
	h.mux.HandleFunc("/plain", h.plain)
	h.mux.HandleFunc("/healthz", func(w http.ResponseWriter, _ *http.Request) {
		send(w, http.StatusOK, "text/plain; charset=utf-8", []byte("ok\n"))
	})
	h.api()
	for name, a := range assets() {
		if name == shellName {
			h.shell = a
			continue
		}
		h.mux.Handle("/static/"+name, a)
	}
	return h
}

// ServeHTTP refuses what no browser of our user sends, and answers the rest.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	for name, value := range headers {
		w.Header().Set(name, value)
	}
	switch {
	case !addressedToUs(r):
		clip(maxName, &r.Host)
		h.o.Logger.Warn("dashboard: a request for another host", "host", r.Host, "from", r.RemoteAddr)
		// RFC 9110, 15.5.20
		http.Error(w, "This is the dashboard of ewoks-hpc. It answers to localhost and 127.0.0.1, on its own port only:\n"+
			"to see it through ssh, forward the same port number, ssh -L PORT:127.0.0.1:PORT HOST.", http.StatusMisdirectedRequest)
	case r.Method != http.MethodGet && r.Method != http.MethodHead && (r.Method != http.MethodPost || r.URL.Path != "/api/orders"):
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "the dashboard shows: GET and HEAD, and POST to /api/orders", http.StatusMethodNotAllowed)
	default:
		h.mux.ServeHTTP(w, r)
	}
}

func (h *Handler) home(w http.ResponseWriter, r *http.Request) {
	if q := r.URL.Query(); q.Has("token") {
		h.admit(w, r, q.Get("token"))
		return
	}
	if h.shell == nil {
		h.plain(w, r)
		return
	}
	if h.role(r) == stranger {
		h.refuse(w)
		return
	}
	h.shell.ServeHTTP(w, r)
}

// plain is the page without scripts.
func (h *Handler) plain(w http.ResponseWriter, r *http.Request) {
	if h.role(r) == stranger {
		h.refuse(w)
		return
	}
	h.page(w, http.StatusOK, "page.html", view{bound(h.o.Source.Overview())})
}

func (h *Handler) refuse(w http.ResponseWriter) {
	h.page(w, http.StatusUnauthorized, "locked.html", nil)
}

func (h *Handler) fail(w http.ResponseWriter, err error) {
	h.o.Logger.Error("dashboard: cannot show the cluster", "error", err)
	http.Error(w, "the dashboard failed; the launcher's log tells why", http.StatusInternalServerError)
}

func send(w http.ResponseWriter, code int, kind string, body []byte) {
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(code)
	w.Write(body) // who asked may have gone
}
