package dashboard

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"slices"
	"time"
)

// Limits of an order.
const (
	maxOrder  = 4 << 10 // bytes
	orderTime = 10 * time.Second
)

// possible are the verbs for each kind.
var possible = map[Kind][]Verb{
	OfCluster:  {Pause, Resume},
	OfRun:      {Cancel, Pause, Resume},
	OfCampaign: {Cancel, Pause, Resume, Retry},
}

// order is POST /api/orders with an Order.
func (h *Handler) order(w http.ResponseWriter, r *http.Request) {
	if code, err := h.mayOrder(r); err != nil {
		h.o.Logger.Warn("dashboard: an order was refused", "from", r.RemoteAddr, "error", err)
		h.refuseJSON(w, code, err)
		return
	}
	o, err := readOrder(http.MaxBytesReader(w, r.Body, maxOrder))
	if err != nil {
		h.refuseJSON(w, http.StatusBadRequest, err)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), orderTime)
	defer cancel()
	done, err := h.o.Orders.Order(ctx, o)
	h.o.Logger.Info("dashboard: an order", "verb", o.Verb, "kind", o.Kind, "name", o.Name, "from", r.RemoteAddr, "error", err)
	if err != nil {
		h.refuseError(w, err)
		return
	}
	h.sendJSON(w, done)
}

// mayOrder refuses who may only look, and what our own page does not send: other
// pages can make a browser send requests with our cookie.
func (h *Handler) mayOrder(r *http.Request) (int, error) {
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	site, origin := r.Header.Get("Sec-Fetch-Site"), r.Header.Get("Origin")
	switch {
	case h.role(r) != operator:
		return http.StatusForbidden, errors.New("this link only shows: orders need the link that the launcher printed")
	case h.o.Orders == nil:
		return http.StatusForbidden, errors.New("this page only shows")
	case kind != "application/json":
		return http.StatusUnsupportedMediaType, errors.New("an order is application/json")
	case site != "" && site != "same-origin", origin != "" && origin != "http://"+r.Host:
		return http.StatusForbidden, errors.New("an order from another page")
	case !same(r.Header.Get("X-Order-Token"), h.orderToken()):
		return http.StatusForbidden, errors.New("the order token is missing or wrong: load the page again")
	}
	return 0, nil
}

func readOrder(body io.Reader) (o Order, err error) {
	d := json.NewDecoder(body)
	d.DisallowUnknownFields()
	if err := d.Decode(&o); err != nil {
		return o, fmt.Errorf("not an order: %w", err)
	}
	if d.More() {
		return o, errors.New("not an order: something follows it")
	}
	clip(maxName, (*string)(&o.Verb), (*string)(&o.Kind))
	if !slices.Contains(possible[o.Kind], o.Verb) {
		return o, fmt.Errorf("cannot %q a %q", o.Verb, o.Kind)
	}
	if (o.Name == "") != (o.Kind == OfCluster) || len(o.Name) > maxName {
		return o, fmt.Errorf("%s of a %s: a name is for runs and campaigns, up to %d letters", o.Verb, o.Kind, maxName)
	}
	return o, nil
}
