package broker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
)

// flushTime bounds how long Close waits for what was published, and Subscribe
// for the broker to know of it.
const flushTime = 5 * time.Second

// ConnectOptions describes a connection. The functions are called one at a
// time and must not block.
type ConnectOptions struct {
	Name         string       // who connects, for the broker's log
	Logger       *slog.Logger // nil discards
	OnDisconnect func(reason error)
	OnReconnect  func(url string)
	// OnClosed is called when the connection will not come back, because the
	// broker refused the key twice; not after Close.
	OnClosed func(reason error)
}

// Conn is a connection to the broker. It mends itself until Close; meanwhile
// its methods fail with ErrDisconnected at once instead of queueing.
type Conn struct {
	options ConnectOptions
	nc      *nats.Conn
	closing atomic.Bool
	stop    context.CancelFunc     // ends dialling
	good    atomic.Pointer[string] // url that worked last

	mu   sync.Mutex
	up   context.Context // ends when this stretch of being connected does
	down context.CancelCauseFunc
}

func newConn(options ConnectOptions) *Conn {
	if options.Logger == nil {
		options.Logger = slog.New(slog.DiscardHandler)
	}
	c := &Conn{options: options, stop: func() {}}
	c.up, c.down = context.WithCancelCause(context.Background())
	return c
}

// handlers are the options of every connection that report what happens to it.
func (c *Conn) handlers() []nats.Option {
	return []nats.Option{
		nats.Name(c.options.Name),
		nats.ErrorHandler(c.onError),
		nats.DisconnectErrHandler(c.onDisconnect),
		nats.ReconnectHandler(c.onReconnect),
		nats.ClosedHandler(c.onClosed),
		// A request sent after its sender gave up would be served for nobody.
		nats.ReconnectBufSize(-1),
		nats.MaxReconnects(-1),
		nats.IgnoreDiscoveredServers(),
		nats.PingInterval(pingInterval),
		nats.MaxPingsOutstanding(maxPingsOut),
	}
}

func (c *Conn) onError(_ *nats.Conn, sub *nats.Subscription, err error) {
	subject := ""
	if sub != nil {
		subject = sub.Subject
	}
	c.options.Logger.Warn("broker connection", "name", c.options.Name, "subject", subject, "error", err)
}

func (c *Conn) onDisconnect(_ *nats.Conn, err error) {
	if c.closing.Load() {
		return
	}
	if err == nil {
		err = errors.New("closed by the broker")
	}
	c.mu.Lock()
	c.down(ErrDisconnected)
	c.mu.Unlock()
	c.options.Logger.Warn("broker connection lost", "name", c.options.Name, "error", err)
	if c.options.OnDisconnect != nil {
		c.options.OnDisconnect(err)
	}
}

func (c *Conn) onReconnect(nc *nats.Conn) {
	url := nc.ConnectedUrl()
	if url != "" { // empty if it is lost again already
		c.good.Store(&url)
	}
	c.mu.Lock()
	c.up, c.down = context.WithCancelCause(context.Background())
	c.mu.Unlock()
	c.options.Logger.Info("broker connection restored", "name", c.options.Name, "url", url)
	if c.options.OnReconnect != nil {
		c.options.OnReconnect(url)
	}
}

func (c *Conn) onClosed(nc *nats.Conn) {
	if c.closing.Load() {
		return
	}
	c.mu.Lock()
	c.down(ErrDisconnected)
	c.mu.Unlock()
	c.options.Logger.Error("broker connection given up", "name", c.options.Name, "error", nc.LastError())
	if c.options.OnClosed != nil {
		c.options.OnClosed(nc.LastError())
	}
}

// Connected reports whether the connection works at the moment.
func (c *Conn) Connected() bool { return c.online() == nil }

// online asks our own state, because the library holds its lock for as long as
// an attempt to reconnect lasts: whoever asks it then waits for seconds.
func (c *Conn) online() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return context.Cause(c.up)
}

// send publishes, if that is possible at once.
func (c *Conn) send(subject string, data []byte) error {
	if err := c.online(); err != nil {
		return err
	}
	return translate(c.nc.Publish(subject, data))
}

// Close sends what was published, then ends the connection and its
// subscriptions. Handlers that run at that moment finish on their own.
func (c *Conn) Close() {
	if c.closing.Swap(true) {
		return
	}
	if c.Connected() {
		if err := c.flush(); err != nil {
			c.options.Logger.Warn("broker connection closed before all was sent", "name", c.options.Name, "error", err)
		}
	}
	c.stop() // first, for an attempt to reconnect would hold Close up
	c.nc.Close()
	c.mu.Lock()
	c.down(ErrDisconnected)
	c.mu.Unlock()
}

// Publish sends a message to whoever listens. It is not told if nobody does,
// nor, other than in the log, if the broker refuses the subject.
func (c *Conn) Publish(subject string, data []byte) error {
	if err := c.send(subject, data); err != nil {
		return fmt.Errorf("publish %s: %w", subject, err)
	}
	return nil
}

// Request sends a message and waits for its answer. It fails with
// ErrNoCoordinator if nobody serves the subject, with ErrDisconnected as soon
// as the connection breaks, and with the context's error when that ends.
func (c *Conn) Request(ctx context.Context, subject string, data []byte) ([]byte, error) {
	if err := c.online(); err != nil {
		return nil, fmt.Errorf("request %s: %w", subject, err)
	}
	asking, cancel := c.whileUp(ctx)
	defer cancel()
	started := time.Now()
	answer, err := c.nc.RequestWithContext(asking, subject, data)
	if err == nil {
		return answer.Data, nil
	}
	if asking.Err() == nil {
		return nil, fmt.Errorf("request %s: %w", subject, translate(err))
	}
	if refused := c.refusal("Publish", subject); refused != nil {
		return nil, refused
	}
	if cause := context.Cause(asking); !errors.Is(cause, context.DeadlineExceeded) {
		return nil, fmt.Errorf("request %s: %w", subject, cause)
	}
	return nil, fmt.Errorf("request %s: no answer within %v: %w", subject, time.Since(started).Round(time.Millisecond), context.DeadlineExceeded)
}

// whileUp is the context, ended early with ErrDisconnected as its cause when
// the connection breaks.
func (c *Conn) whileUp(ctx context.Context) (context.Context, func()) {
	c.mu.Lock()
	up := c.up
	c.mu.Unlock()
	ctx, cancel := context.WithCancelCause(ctx)
	stop := context.AfterFunc(up, func() { cancel(context.Cause(up)) })
	return ctx, func() {
		stop()
		cancel(nil)
	}
}

// flush waits until the broker has seen what was sent.
func (c *Conn) flush() error {
	limited, end := context.WithTimeout(context.Background(), flushTime)
	defer end()
	ctx, cancel := c.whileUp(limited)
	defer cancel()
	err := c.nc.FlushWithContext(ctx)
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return translate(err)
}

// Msg is a message received.
type Msg struct {
	Subject string
	Data    []byte
	reply   string
	conn    *Conn
}

// Respond answers a request. It fails with ErrNoReply if none can be answered.
func (m Msg) Respond(data []byte) error {
	if m.reply == "" || replyPrefix(m.Subject) == "" {
		return fmt.Errorf("respond to %s: %w", m.Subject, ErrNoReply)
	}
	if err := m.conn.send(m.reply, data); err != nil {
		return fmt.Errorf("respond to %s: %w", m.Subject, err)
	}
	return nil
}

// Subscribe calls the handler for each message on the subject, one at a time
// in a goroutine of the subscription's own. When it returns, the broker knows
// of it; it fails with ErrRefused if the credential does not allow it.
// Requests whose reply subject is not their sender's are logged and dropped.
func (c *Conn) Subscribe(subject string, handler func(Msg)) (unsubscribe func(), err error) {
	if err := c.online(); err != nil {
		return nil, fmt.Errorf("subscribe %s: %w", subject, err)
	}
	sub, err := c.nc.Subscribe(subject, func(m *nats.Msg) {
		if forged(m.Subject, m.Reply) {
			c.options.Logger.Warn("request with a forged reply subject dropped", "subject", m.Subject, "reply", m.Reply)
			return
		}
		handler(Msg{Subject: m.Subject, Data: m.Data, reply: m.Reply, conn: c})
	})
	if err != nil {
		return nil, fmt.Errorf("subscribe %s: %w", subject, translate(err))
	}
	// Fails only if the connection is gone, and with it the subscription.
	unsubscribe = func() { _ = sub.Unsubscribe() }
	if err := c.flush(); err != nil {
		unsubscribe()
		return nil, fmt.Errorf("subscribe %s: %w", subject, err)
	}
	if refused := c.refusal("Subscription", subject); refused != nil {
		unsubscribe()
		return nil, refused
	}
	return unsubscribe, nil
}

// refusal finds out whether the broker refused an operation. It says so only
// in a message of its own, which names the operation and the subject.
func (c *Conn) refusal(operation, subject string) error {
	err := c.nc.LastError()
	if errors.Is(err, nats.ErrPermissionViolation) && strings.Contains(err.Error(), fmt.Sprintf("%s to %q", operation, subject)) {
		return fmt.Errorf("%s to %s: %w", strings.ToLower(operation), subject, ErrRefused)
	}
	return nil
}
