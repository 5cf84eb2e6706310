package coordinator

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/broker"
	"github.com/ewoks-hpc/ewoks-hpc/engine"
	"github.com/ewoks-hpc/ewoks-hpc/task"
)

// Client talks to the coordinator of a cluster.
type Client struct {
	conn *broker.Conn
}

// NewClient uses a connection with a client's rights.
func NewClient(conn *broker.Conn) *Client { return &Client{conn} }

// Call sends a request of a verb and decodes the answer into value.
func (c *Client) Call(ctx context.Context, verb string, body, value any) error {
	data, err := c.conn.Request(ctx, broker.ClientSubject(verb), task.EncodeJSON(body))
	if err != nil {
		return err
	}
	return decodeAnswer(data, value)
}

// Submit hands a run to the cluster. When it returns without an error, the
// cluster has it: once, however often it was told.
func (c *Client) Submit(ctx context.Context, s *Submission) error {
	s.Version = task.Version
	body, err := json.Marshal(s)
	if err != nil {
		return fmt.Errorf("submission: %w", err)
	}
	var data []byte
	err = patiently(ctx, func() error {
		data, err = broker.Upload(ctx, c.conn, broker.ClientSubject("submit"), body)
		return err
	})
	if err != nil {
		return err
	}
	return decodeAnswer(data, nil)
}

// patience is for how long a launcher that goes away while a run is handed to it
// may take to come back.
const patience = 30 * time.Second

// patiently tries again while the launcher is being restarted.
func patiently(ctx context.Context, try func() error) error {
	for deadline := time.Now().Add(patience); ; {
		err := try()
		away := errors.Is(err, broker.ErrDisconnected) || errors.Is(err, broker.ErrNoCoordinator)
		if !away || ctx.Err() != nil || time.Now().After(deadline) {
			return err
		}
		select {
		case <-ctx.Done():
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// Cancel ends a run.
func (c *Client) Cancel(ctx context.Context, run string) error {
	return c.Call(ctx, "cancel", Order{Run: run}, nil)
}

// Outcome asks how a run ended, or whether it is still running.
func (c *Client) Outcome(ctx context.Context, run string) (Ended, error) {
	var e Ended
	data, err := broker.Download(ctx, c.conn, broker.ClientSubject("outcome"), run)
	if err == nil {
		err = json.Unmarshal(data, &e)
	}
	return e, err
}

// askAgain is how often a client that waits asks for the outcome, in case the
// event that tells of it was lost.
const askAgain = 5 * time.Second

// Watch is called before a run is submitted; the function that it returns waits
// for the end of the run. show, which may be nil, is told of progress.
func (c *Client) Watch(ctx context.Context, run string, show func(Progress)) (wait func(context.Context) (Ended, error), err error) {
	over := make(chan Progress, 1)
	tell := func(m broker.Msg) {
		var p Progress
		if json.Unmarshal(m.Data, &p) != nil {
			return
		}
		if show != nil {
			show(p)
		}
		if p.Status != engine.Running {
			select {
			case over <- p:
			default:
			}
		}
	}
	var undo func()
	err = patiently(ctx, func() error {
		undo, err = c.conn.Subscribe(broker.EventsSubject(run), tell)
		return err
	})
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context) (Ended, error) {
		defer undo()
		return c.wait(ctx, run, over)
	}, nil
}

// passing tells whether an error may pass: the launcher is busy, or being restarted.
func passing(err error) bool {
	return errors.Is(err, broker.ErrNoCoordinator) || errors.Is(err, context.DeadlineExceeded)
}

func (c *Client) wait(ctx context.Context, run string, over <-chan Progress) (Ended, error) {
	ticker := time.NewTicker(askAgain)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return Ended{}, context.Cause(ctx)
		case p := <-over:
			if p.Status == engine.Cancelled {
				o := engine.Outcome{Run: run, Status: p.Status, Failure: task.Failure{Message: p.Reason}}
				return Ended{Run: run, Outcome: o, Counts: p.Counts}, nil
			}
		case <-ticker.C:
		}
		ask, cancel := context.WithTimeout(ctx, 2*askAgain)
		e, err := c.Outcome(ask, run)
		cancel()
		if err == nil && e.Outcome.Status != engine.Running {
			return e, nil
		}
		if err != nil && !passing(err) && c.conn.Connected() && ctx.Err() == nil {
			return e, err
		}
	}
}
