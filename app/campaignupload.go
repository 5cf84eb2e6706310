package app

import (
	"context"
	"errors"
	"io"
	"sync"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/broker"
	"github.com/ewoks-hpc/ewoks-hpc/campaigner"
	"github.com/ewoks-hpc/ewoks-hpc/task"
)

// A table may be far too large for one message, or for the memory. It travels in
// parts, each a request of its own; the launcher says which part it wants next, so a
// part that is sent twice does no harm, and a slow disk slows the client down.

const (
	verbSubmit = "campaign-submit"
	// chunkBytes is how much travels in one message.
	chunkBytes = 256 << 10
	// patience is how long the launcher lets a client wait for an answer.
	patience = 200 * time.Millisecond
	// idleUpload is the time after which a client counts as gone.
	idleUpload = time.Minute
	// maxUploads bounds the submissions under way, maxAnswers those that were answered
	// and may be asked about again.
	maxUploads = 8
	maxAnswers = 1000
)

// part is one message of a client.
type part struct {
	ID    string `json:"id"`
	Index int    `json:"index"`
	Data  []byte `json:"data,omitempty"`
	Last  bool   `json:"last,omitempty"`
	// GivenUp means that nothing more comes: the rest of the table cannot be read.
	GivenUp bool `json:"given_up,omitempty"`
}

// partAnswer tells which part is wanted next, or what came of all.
type partAnswer struct {
	Next    int                   `json:"next"`
	Done    bool                  `json:"done,omitempty"`
	Result  *campaigner.Submitted `json:"result,omitempty"`
	Refused *refused              `json:"refused,omitempty"`
}

// campaignUploads are the submissions under way.
type campaignUploads struct {
	submit func(ctx context.Context, r io.Reader) (campaigner.Submitted, error)

	mu   sync.Mutex
	open map[string]*campaignUpload
}

type campaignUpload struct {
	next   int
	parts  chan []byte
	cancel context.CancelCauseFunc
	gone   *time.Timer
	done   chan struct{} // closed when there is a result
	result campaigner.Submitted
	err    error
}

func newCampaignUploads(submit func(context.Context, io.Reader) (campaigner.Submitted, error)) *campaignUploads {
	return &campaignUploads{submit: submit, open: map[string]*campaignUpload{}}
}

// serve answers one part. Parts of one client come one at a time.
func (u *campaignUploads) serve(body []byte) (any, error) {
	var p part
	if err := task.DecodeJSON(body, &p); err != nil {
		return nil, err
	}
	up, err := u.find(p)
	if err != nil {
		return nil, err
	}
	up.gone.Reset(idleUpload)
	if p.GivenUp {
		up.cancel(errGivenUp)
	}
	if p.Index == up.next && (len(p.Data) > 0 || p.Last) {
		select {
		case up.parts <- p.Data:
			if up.next++; p.Last {
				close(up.parts)
			}
		case <-up.done:
		case <-time.After(patience):
		}
	} else {
		select {
		case <-up.done:
		case <-time.After(patience):
		}
	}
	select {
	case <-up.done:
		return partAnswer{Next: up.next, Done: true, Result: &up.result, Refused: refuse(up.err)}, nil
	default:
		return partAnswer{Next: up.next}, nil
	}
}

func (u *campaignUploads) find(p part) (*campaignUpload, error) {
	if err := broker.CheckToken(p.ID); err != nil {
		return nil, err
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	if up := u.open[p.ID]; up != nil {
		return up, nil
	}
	if p.Index != 0 {
		return nil, errors.New("the submission is not known, or was given up after a minute without a message; submit the campaign again")
	}
	if u.underWay() >= maxUploads || len(u.open) >= maxUploads+maxAnswers {
		return nil, errors.New("too many campaigns are being submitted; try again in a minute")
	}
	ctx, cancel := context.WithCancelCause(context.Background())
	up := &campaignUpload{parts: make(chan []byte, 2), cancel: cancel, done: make(chan struct{})}
	up.gone = time.AfterFunc(idleUpload, func() {
		cancel(errors.New("the client is gone"))
		u.mu.Lock()
		defer u.mu.Unlock()
		delete(u.open, p.ID)
	})
	u.open[p.ID] = up
	go func() {
		defer close(up.done)
		up.result, up.err = u.submit(ctx, &partReader{ctx: ctx, parts: up.parts})
		cancel(nil)
	}()
	return up, nil
}

// underWay counts submissions without an answer.
func (u *campaignUploads) underWay() (n int) {
	for _, up := range u.open {
		select {
		case <-up.done:
		default:
			n++
		}
	}
	return n
}

// partReader reads parts as one stream.
type partReader struct {
	ctx   context.Context
	parts <-chan []byte
	rest  []byte
}

func (r *partReader) Read(p []byte) (int, error) {
	for len(r.rest) == 0 {
		select {
		case part, ok := <-r.parts:
			if !ok {
				return 0, io.EOF
			}
			r.rest = part
		case <-r.ctx.Done():
			return 0, context.Cause(r.ctx)
		}
	}
	n := copy(p, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}

// errGivenUp ends the submission of a client that cannot go on with it.
var errGivenUp = errors.New("the client gave up")

// errAnswered ends the stream of a client whose submission has been answered.
var errAnswered = errors.New("answered")

// partWriter sends a stream in parts.
type partWriter struct {
	ctx    context.Context
	client *Client
	id     string
	index  int
	answer partAnswer
}

func (w *partWriter) Write(p []byte) (int, error) {
	for n := 0; n < len(p); n += chunkBytes {
		if err := w.send(part{Data: p[n:min(len(p), n+chunkBytes)]}); err != nil {
			return n, err
		}
	}
	return len(p), nil
}

// send sends a part until it is taken.
func (w *partWriter) send(p part) error {
	p.ID, p.Index = w.id, w.index
	for w.index == p.Index {
		if err := w.call(p); err != nil {
			return err
		}
		if w.answer.Done {
			return errAnswered
		}
		w.index = w.answer.Next
	}
	return nil
}

// call asks several times: a launcher may be busy.
func (w *partWriter) call(p part) (err error) {
	for range 4 {
		ctx, cancel := context.WithTimeout(w.ctx, 15*time.Second)
		err = w.client.Call(ctx, verbSubmit, p, &w.answer)
		cancel()
		if err == nil || w.ctx.Err() != nil || !errors.Is(err, context.DeadlineExceeded) {
			break
		}
	}
	if w.ctx.Err() != nil {
		return context.Cause(w.ctx)
	}
	return err
}

// giveUp tells the launcher that nothing more comes, so that nothing of a new campaign
// is left. One that does not hear of it finds out by itself, after idleUpload.
func (w *partWriter) giveUp() {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(w.ctx), 5*time.Second)
	defer cancel()
	for w.answer = (partAnswer{}); ctx.Err() == nil && !w.answer.Done; {
		if err := w.client.Call(ctx, verbSubmit, part{ID: w.id, Index: w.index, GivenUp: true}, &w.answer); err != nil {
			return
		}
	}
}

// SubmitCampaign hands a campaign to the cluster. When it returns without an error,
// all its rows are kept there.
func (c *Client) SubmitCampaign(ctx context.Context, sub campaigner.Submission) (campaigner.Submitted, error) {
	w := &partWriter{ctx: ctx, client: c, id: task.NewKey()}
	err := writeSubmission(w, sub)
	if err == nil {
		err = w.send(part{Last: true})
	}
	if err != nil && !errors.Is(err, errAnswered) {
		w.giveUp()
	}
	for err == nil { // all is sent
		if err = w.call(part{ID: w.id, Index: w.index}); err == nil && w.answer.Done {
			err = errAnswered
		}
	}
	if !errors.Is(err, errAnswered) {
		return campaigner.Submitted{}, invalidCampaign(err)
	}
	if err := w.answer.Refused.err(); err != nil {
		return campaigner.Submitted{}, err
	}
	return *w.answer.Result, nil
}
