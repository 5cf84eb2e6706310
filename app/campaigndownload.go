package app

import (
	"bufio"
	"context"
	"errors"
	"io"
	"sync"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/broker"
	"github.com/ewoks-hpc/ewoks-hpc/campaigner"
	"github.com/ewoks-hpc/ewoks-hpc/task"
)

// verbAsk is for clients on other machines, which cannot read the ledgers: the answer
// travels in pieces, each of them asked for.
const verbAsk = "campaign-ask"

// ask asks for a piece of an answer.
type ask struct {
	ID       string           `json:"id"`
	Index    int              `json:"index"`
	Question campaignQuestion `json:"question"`
}

type piece struct {
	// Wait means that the piece is not there yet.
	Wait    bool     `json:"wait,omitempty"`
	Data    []byte   `json:"data,omitempty"`
	Last    bool     `json:"last,omitempty"`
	Refused *refused `json:"refused,omitempty"`
}

// campaignAnswers are the answers under way.
type campaignAnswers struct {
	folder campaigner.Folder

	mu   sync.Mutex
	open map[string]*campaignReply
}

type campaignReply struct {
	index  int   // of last
	last   piece // that was sent, in case it is asked for again
	pieces chan piece
	gone   *time.Timer
}

func newCampaignAnswers(f campaigner.Folder) *campaignAnswers {
	return &campaignAnswers{folder: f, open: map[string]*campaignReply{}}
}

func (c *campaignAnswers) serve(body []byte) (any, error) {
	var a ask
	if err := task.DecodeJSON(body, &a); err != nil {
		return nil, err
	}
	r, err := c.find(a)
	if err != nil {
		return nil, err
	}
	r.gone.Reset(idleUpload)
	switch a.Index {
	case r.index:
		return r.last, nil
	case r.index + 1:
	default:
		return nil, errors.New("pieces of an answer are asked for one after the other")
	}
	select {
	case p := <-r.pieces:
		r.index, r.last = a.Index, p
		return p, nil
	case <-time.After(patience):
		return piece{Wait: true}, nil
	}
}

func (c *campaignAnswers) find(a ask) (*campaignReply, error) {
	if err := broker.CheckToken(a.ID); err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if r := c.open[a.ID]; r != nil {
		return r, nil
	}
	if a.Index != 0 {
		return nil, errors.New("the answer was given up after a minute without a message; ask again")
	}
	if len(c.open) >= maxUploads {
		c.forgetEnded()
	}
	if len(c.open) >= maxUploads {
		return nil, errors.New("too many answers are under way; try again in a minute")
	}
	ctx, cancel := context.WithCancel(context.Background())
	r := &campaignReply{index: -1, pieces: make(chan piece)}
	r.gone = time.AfterFunc(idleUpload, func() {
		cancel()
		c.mu.Lock()
		defer c.mu.Unlock()
		delete(c.open, a.ID)
	})
	c.open[a.ID] = r
	go r.produce(ctx, c.folder, a.Question)
	return r, nil
}

// forgetEnded makes room: whoever has the last piece asks no more, unless it was lost.
func (c *campaignAnswers) forgetEnded() {
	for id, r := range c.open {
		if r.last.Last {
			r.gone.Stop()
			delete(c.open, id)
		}
	}
}

// produce runs until the answer has been fetched, or nobody wants it any more.
func (r *campaignReply) produce(ctx context.Context, f campaigner.Folder, q campaignQuestion) {
	out := bufio.NewWriterSize(pieceWriter{ctx, r.pieces}, chunkBytes)
	err := q.answer(ctx, f, out)
	if err == nil {
		err = out.Flush()
	}
	_ = pieceWriter{ctx, r.pieces}.send(piece{Last: true, Refused: refuse(err)})
}

type pieceWriter struct {
	ctx    context.Context
	pieces chan<- piece
}

func (w pieceWriter) Write(p []byte) (int, error) {
	for n := 0; n < len(p); n += chunkBytes {
		data := append([]byte(nil), p[n:min(len(p), n+chunkBytes)]...) // the buffer is used again
		if err := w.send(piece{Data: data}); err != nil {
			return n, err
		}
	}
	return len(p), nil
}

func (w pieceWriter) send(p piece) error {
	select {
	case w.pieces <- p:
		return nil
	case <-w.ctx.Done():
		return context.Cause(w.ctx)
	}
}

// askCampaign writes the launcher's answer to w.
func (c *Client) askCampaign(ctx context.Context, q campaignQuestion, w io.Writer) error {
	a := ask{ID: task.NewKey(), Question: q}
	for {
		var p piece
		if err := c.Call(ctx, verbAsk, a, &p); err != nil {
			return err
		}
		if p.Wait {
			continue
		}
		if _, err := w.Write(p.Data); err != nil {
			return err
		}
		if p.Last {
			return p.Refused.err()
		}
		a.Index++
	}
}
