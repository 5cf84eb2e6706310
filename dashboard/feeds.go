package dashboard

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"time"
)

// The topics that can be watched. Those of a run and of a campaign are followed by
// a colon and its name.
const (
	topicOverview = "overview"
	topicActivity = "activity"
	topicTasks    = "tasks"
	topicRun      = "run"
	topicCampaign = "campaign"
)

// openFeed opens the feed of a topic.
func (h *Handler) openFeed(name string) (feed, error) {
	kind, of, named := strings.Cut(name, ":")
	switch {
	case kind == topicOverview && !named:
		return newDocument(func() (board, error) { return boardOf(h.o.Source.Overview()), nil })
	case kind == topicActivity && !named && h.o.Attempts != nil:
		a := newActivity(h.o.Attempts)
		return newDocument(func() (pulse, error) { return a.look(), nil })
	case kind == topicTasks && !named && h.o.Attempts != nil:
		return newTaskFeed(h.o.Attempts), nil
	case kind == topicRun && named && h.o.Runs != nil:
		return newDocument(func() (runBoard, error) {
			d, err := h.o.Runs.Run(of)
			return runBoardOf(d), named404(err, "run", of)
		})
	case kind == topicCampaign && named && h.o.Campaigns != nil:
		return newDocument(seldom(campaignPause, func() (campaignBoard, error) {
			d, err := h.o.Campaigns.Campaign(of)
			return campaignBoardOf(d), named404(err, "campaign", of)
		}))
	}
	return nil, fmt.Errorf("topic %q: %w", name, ErrNotFound)
}

// campaignPause is the least time between two looks at a campaign, which reads its ledger.
const campaignPause = time.Second

// seldom gives the last answer again if it is younger than a pause.
func seldom[T any](pause time.Duration, look func() (T, error)) func() (T, error) {
	var last T
	var looked time.Time
	return func() (T, error) {
		if time.Since(looked) < pause {
			return last, nil
		}
		next, err := look()
		last, looked = next, time.Now()
		return next, err
	}
}

// document is a feed of a value whose differences are merge patches.
type document[T any] struct {
	look func() (T, error)
	last T
}

func newDocument[T any](look func() (T, error)) (feed, error) {
	d := &document[T]{look: look}
	var err error
	d.last, err = look()
	return d, err
}

func (d *document[T]) snapshot() []byte {
	text, err := json.Marshal(d.last)
	if err != nil { // a number that JSON has not
		return []byte("{}")
	}
	return text
}

func (d *document[T]) advance() (string, []byte, error) {
	next, err := d.look()
	if err != nil {
		return "", nil, err
	}
	patch, changed := appendPatch(nil, reflect.ValueOf(d.last), reflect.ValueOf(next))
	d.last = next
	if !changed {
		return "", nil, nil
	}
	return "patch", patch, nil
}
