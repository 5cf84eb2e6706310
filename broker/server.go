package broker

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

const (
	// MaxMessage is the largest message in bytes; Upload and Download carry more.
	MaxMessage = 4 << 20

	// maxSubs bounds what one connection may listen to. A client listens to one
	// subject for each run that it waits for.
	maxSubs = 1 << 14

	pingInterval = 10 * time.Second
	maxPingsOut  = 2
	// handshakeTime is generous: thousands of workers may reconnect at once to
	// a busy login node.
	handshakeTime = 10 * time.Second
	startTime     = 15 * time.Second
)

// ServerOptions describes the broker of one cluster.
type ServerOptions struct {
	Name string // of the cluster, shown to people
	Dir  string // state folder, private to the user, on a local disk

	// Bind lists the addresses to listen on; empty means 127.0.0.1. The first
	// is served directly, others through a relay in this process.
	Bind []string
	// Port 0 means the port of the last start, and at the first one any that is free.
	Port int
	// Advertise lists the names and addresses, without port, by which workers
	// and clients try to reach the broker, in this order. Empty means the
	// addresses bound to, and for a wildcard DefaultAdvertise.
	Advertise []string
	Logger    *slog.Logger // nil discards
}

// Server is a running broker.
type Server struct {
	options ServerOptions
	state   *state
	lock    *os.File
	log     *serverLog
	nats    *server.Server
	relays  []*relay
	keys    *keyring
	// These let only this process be the launcher, and read what the server
	// tells of itself. They are made anew at each start and written nowhere.
	launcherSeed, systemSeed Secret

	mu     sync.Mutex
	closed bool
	conns  []*Conn
}

// Start runs the broker of a state folder, admits the jobs that had keys before,
// and writes the clients' access file. It refuses if another launcher uses the folder or the port is taken.
func Start(options ServerOptions) (_ *Server, err error) {
	if err := options.complete(); err != nil {
		return nil, err
	}
	if err := privateDir(options.Dir); err != nil {
		return nil, fmt.Errorf("state folder: %w", err)
	}
	s := &Server{options: options, log: &serverLog{Logger: options.Logger}, keys: newKeyring()}
	defer func() {
		if err != nil {
			s.Close()
		}
	}()
	if s.lock, err = lockDir(options.Dir); err != nil {
		return nil, err
	}
	if s.state, err = loadState(options.Dir, time.Now()); err != nil {
		return nil, err
	}
	if err := s.listen(); err != nil {
		return nil, err
	}
	if err := replaceFile(ClientAccess(options.Dir), s.access(RoleClient, "", s.state.ClientSeed)); err != nil {
		return nil, err
	}
	s.state.wipe()
	return s, nil
}

// complete checks the options and fills in what was left to default.
func (o *ServerOptions) complete() error {
	if o.Name == "" || o.Dir == "" {
		return errors.New("a broker needs a name and a state folder")
	}
	if o.Port < 0 || o.Port > maxPort {
		return fmt.Errorf("port %d out of range", o.Port)
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if len(o.Bind) == 0 {
		o.Bind = []string{"127.0.0.1"}
	}
	o.Bind = bindHosts(o.Bind)
	if len(o.Advertise) == 0 {
		o.Advertise = o.Bind
		if isWildcard(o.Bind[0]) {
			var err error
			if o.Advertise, err = DefaultAdvertise(); err != nil {
				return err
			}
		}
	}
	if len(o.Advertise) > maxURLs {
		return fmt.Errorf("%d addresses to advertise, at most %d", len(o.Advertise), maxURLs)
	}
	for _, host := range slices.Concat(o.Bind, o.Advertise) {
		if err := checkHost(host); err != nil {
			return err
		}
	}
	return nil
}

// listen opens the port, starts the server and remembers the port.
func (s *Server) listen() error {
	port := s.options.Port
	if port == 0 {
		port = s.state.Port
	}
	port, others, err := reserve(s.options.Bind, port)
	if err != nil {
		return err
	}
	s.state.Port = port
	target := net.JoinHostPort(dialHost(s.options.Bind[0]), strconv.Itoa(port))
	for _, l := range others {
		s.relays = append(s.relays, startRelay(l, target))
	}
	if err := s.state.save(s.options.Dir); err != nil {
		return err
	}
	if err := s.makeKeys(); err != nil {
		return err
	}
	return s.run()
}

// makeKeys fills the keyring, before anybody can connect.
func (s *Server) makeKeys() error {
	for _, own := range []struct {
		seed *Secret
		role Role
	}{{&s.launcherSeed, roleLauncher}, {&s.systemSeed, roleSystem}} {
		var err error
		if *own.seed, err = newSeed(); err != nil {
			return err
		}
		if err := s.keys.add(*own.seed, holder{role: own.role}); err != nil {
			return err
		}
	}
	if err := s.keys.add(s.state.ClientSeed, holder{role: RoleClient}); err != nil {
		return err
	}
	if err := s.loadKeys(); err != nil {
		return fmt.Errorf("keys of jobs: %w", err)
	}
	return nil
}

// dialHost is where this process reaches an address it listens on.
func dialHost(bind string) string {
	if isWildcard(bind) {
		return "127.0.0.1"
	}
	return bind
}

func (s *Server) run() error {
	options, err := s.natsOptions()
	if err != nil {
		return err
	}
	if s.nats, err = server.NewServer(options); err != nil {
		return fmt.Errorf("broker: %w", err)
	}
	s.nats.SetLoggerV2(s.log, false, false, false)
	s.keys.accounts = map[string]*server.Account{}
	for _, name := range []string{account, systemAccount} {
		if s.keys.accounts[name], err = s.nats.LookupAccount(name); err != nil {
			return fmt.Errorf("broker account %s: %w", name, err)
		}
	}
	s.nats.Start()
	if !s.nats.ReadyForConnections(startTime) {
		return fmt.Errorf("broker not ready after %v: %s", startTime, s.log.reason())
	}
	return nil
}

func (s *Server) natsOptions() (*server.Options, error) {
	authority, err := loadAuthority(s.state.CAPEM, string(s.state.CAKeyPEM))
	if err != nil {
		return nil, err
	}
	options := &server.Options{}
	if err := options.ProcessConfigString(accountsConfig); err != nil {
		return nil, fmt.Errorf("broker accounts: %w", err)
	}
	// The keyring alone decides, by a signature of the nonce.
	options.CustomClientAuthentication, options.AlwaysEnableNonce = s.keys, true
	options.ServerName = s.state.ClusterID
	options.Host, options.Port = s.options.Bind[0], s.state.Port
	options.TLSConfig = serverTLS(&certifier{authority: authority, hosts: s.certificateHosts(), now: time.Now})
	options.TLSHandshakeFirst = true
	options.TLSTimeout, options.AuthTimeout = handshakeTime.Seconds(), handshakeTime.Seconds()
	options.NoSigs = true // signals belong to the launcher
	options.MaxPayload, options.MaxSubs = MaxMessage, maxSubs
	options.PingInterval, options.MaxPingsOut = pingInterval, maxPingsOut
	options.WriteDeadline = 10 * time.Second
	return options, nil
}

// certificateHosts are the names under which the broker may be dialled.
func (s *Server) certificateHosts() []string {
	hosts := slices.Concat(s.options.Advertise, []string{"localhost", "127.0.0.1", "::1"})
	for _, host := range append(s.options.Bind, thisLauncher().Host) {
		if checkHost(host) == nil && !isWildcard(host) {
			hosts = append(hosts, host)
		}
	}
	slices.Sort(hosts)
	return slices.Compact(hosts)
}

// URLs are the addresses written to the access files.
func (s *Server) URLs() []string {
	urls := make([]string, len(s.options.Advertise))
	for i, host := range s.options.Advertise {
		urls[i] = urlScheme + "://" + net.JoinHostPort(host, strconv.Itoa(s.state.Port))
	}
	return urls
}

// ClusterID identifies the cluster across restarts.
func (s *Server) ClusterID() string { return s.state.ClusterID }

// Port is the port the broker listens on.
func (s *Server) Port() int { return s.state.Port }

// Close ends the connections made by Conn and the server, and returns when the
// port is free. The access files stay: the next start serves them again.
func (s *Server) Close() error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return nil
	}
	s.closed = true
	conns := s.conns
	s.mu.Unlock()
	for _, c := range conns {
		c.Close()
	}
	for _, r := range s.relays {
		r.close()
	}
	if s.nats != nil {
		s.nats.Shutdown()
		s.nats.WaitForShutdown()
	}
	if s.lock == nil {
		return nil
	}
	return s.lock.Close()
}
