package broker

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	mathrand "math/rand/v2"
	"net"
	"slices"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nkeys"
)

const (
	// dialTime bounds one address: a firewall may swallow what we send to it.
	dialTime = 5 * time.Second
	// reconnectWait and reconnectJitter spread thousands of workers out when
	// the broker comes back.
	reconnectWait   = 500 * time.Millisecond
	reconnectJitter = 2 * time.Second
)

// Connect dials the addresses of an access file in turn. It fails with a
// *ConnectError if none works; once one did, the connection comes back by
// itself, at whichever address.
func Connect(ctx context.Context, access Access, options ConnectOptions) (*Conn, error) {
	if err := access.check(); err != nil {
		return nil, fmt.Errorf("access to cluster %q: %w", access.Name, err)
	}
	c := newConn(options)
	d := newDialer()
	c.stop = d.close
	shared, err := c.credentials(access)
	if err != nil {
		return nil, err
	}
	shared = append(shared, nats.SetCustomDialer(d))
	release := context.AfterFunc(ctx, d.close)
	failed := &ConnectError{Cluster: access.Name, Host: access.Launcher.Host}
	for _, url := range access.URLs {
		err := c.dial(d, url, shared)
		if err == nil && release() {
			if err = c.nc.SetServerPool(access.URLs); err == nil {
				return c, nil
			}
		}
		if ctx.Err() != nil {
			break
		}
		c.options.Logger.Warn("broker address does not work", "url", url, "error", err)
		failed.Failures = append(failed.Failures, fmt.Errorf("%s: %w", url, err))
	}
	release()
	d.close()
	if c.nc != nil {
		c.Close()
	}
	if ctx.Err() != nil {
		failed.Failures = append(failed.Failures, context.Cause(ctx))
	}
	return nil, failed
}

// credentials are the options that follow from the access file.
func (c *Conn) credentials(access Access) ([]nats.Option, error) {
	trust, err := clientTLS(access.CAPEM)
	if err != nil {
		return nil, err
	}
	identity, err := identify(access.NKeySeed)
	if err != nil {
		return nil, err
	}
	options := append(c.handlers(),
		identity,
		nats.Secure(trust),
		nats.TLSHandshakeFirst(),
		nats.Timeout(dialTime),
		nats.ReconnectToServer(c.next()),
	)
	if access.Role == RoleWorker {
		return append(options, nats.CustomInboxPrefix(inbox(RoleWorker, access.Job))), nil
	}
	session := rand.Text()
	return append(options, nats.UserInfo(session, ""), nats.CustomInboxPrefix(inbox(RoleClient, session))), nil
}

// identify proves possession of a key by signing the server's nonce. It keeps a
// copy of the seed, for connections that come back.
func identify(seed Secret) (nats.Option, error) {
	key, err := nkeys.FromSeed(seed)
	if err != nil {
		return nil, fmt.Errorf("key: %w", err)
	}
	public, err := key.PublicKey()
	if err != nil {
		return nil, fmt.Errorf("key: %w", err)
	}
	return nats.Nkey(public, key.Sign), nil
}

func (c *Conn) dial(d *dialer, url string, shared []nats.Option) error {
	d.last.Store(nil)
	c.good.Store(&url) // before the first callback can ask for it
	nc, err := nats.Connect(url, shared...)
	if reason := d.last.Load(); reason != nil && errors.Is(err, nats.ErrNoServers) {
		return *reason // the library forgets why
	}
	if err != nil {
		return err
	}
	c.nc = nc
	return nil
}

// next chooses the address for an attempt to reconnect. Every second attempt
// goes to the one that worked last: most others may be dead ends that cost
// dialTime each, and usually the broker returns where it was.
func (c *Conn) next() nats.ReconnectToServerHandler {
	attempt := 0
	return func(servers []nats.Server, _ nats.ServerInfo) (*nats.Server, time.Duration) {
		attempt++
		good := slices.IndexFunc(servers, func(s nats.Server) bool { return s.URL.String() == *c.good.Load() })
		if good >= 0 && (attempt%2 == 1 || len(servers) == 1) {
			return &servers[good], reconnectWait + mathrand.N(reconnectJitter)
		}
		return &servers[attempt/2%len(servers)], reconnectWait
	}
}

// dialer lets Close and a context interrupt dialling and handshakes, during
// which the library holds its lock, and remembers the last failure.
type dialer struct {
	life context.Context
	end  context.CancelFunc
	conn atomic.Pointer[net.Conn] // made last
	last atomic.Pointer[error]
}

func newDialer() *dialer {
	d := &dialer{}
	d.life, d.end = context.WithCancel(context.Background())
	return d
}

// Dial is called by the library.
func (d *dialer) Dial(network, address string) (net.Conn, error) {
	conn, err := (&net.Dialer{Timeout: dialTime}).DialContext(d.life, network, address)
	if err != nil {
		d.last.Store(&err)
		return nil, err
	}
	d.conn.Store(&conn)
	if d.life.Err() != nil { // close came too early to see it
		conn.Close()
	}
	return conn, nil
}

func (d *dialer) close() {
	d.end()
	if conn := d.conn.Load(); conn != nil {
		(*conn).Close()
	}
}

// Conn connects the launcher itself, with all rights. It does not cross the
// network and ends with the server.
func (s *Server) Conn(name string) (*Conn, error) {
	identity, err := identify(s.launcherSeed)
	if err != nil {
		return nil, err
	}
	c := newConn(ConnectOptions{Name: name, Logger: s.options.Logger})
	c.nc, err = nats.Connect("", append(c.handlers(),
		identity,
		nats.InProcessServer(s.nats),
		nats.CustomInboxPrefix(inboxLauncher),
		nats.ReconnectWait(reconnectWait),
	)...)
	if err != nil {
		return nil, fmt.Errorf("connect to own broker: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		c.Close()
		return nil, fmt.Errorf("connect to own broker: %w", ErrDisconnected)
	}
	s.conns = append(s.conns, c)
	return c, nil
}
