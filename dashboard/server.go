package dashboard

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"time"
)

// Limits of a connection. Everybody on the node can connect, and the launcher
// has better uses for its file descriptors.
const (
	headerTime     = 10 * time.Second // on a loaded machine browsers connect seconds before they ask
	readTime       = 15 * time.Second
	writeTime      = 20 * time.Second
	idleTime       = 30 * time.Second
	maxHeader      = 16 << 10 // bytes; cookies of all ports of the host count
	maxConnections = 64
)

// ServerOptions configure a Server.
type ServerOptions struct {
	Handler http.Handler
	// Port on 127.0.0.1; 0 is any that is free.
	Port   int
	Logger *slog.Logger // nil discards
}

// Server serves a handler on loopback: Start it, and Stop it.
type Server struct {
	o        ServerOptions
	listener net.Listener
	http     *http.Server
	done     chan struct{}
	// end ends the contexts of all requests: streams would never end by themselves.
	end context.CancelFunc
}

// NewServer prepares a server.
func NewServer(o ServerOptions) *Server {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	base, end := context.WithCancel(context.Background())
	return &Server{o: o, done: make(chan struct{}), end: end, http: &http.Server{
		BaseContext:       func(net.Listener) context.Context { return base },
		Handler:           o.Handler,
		ReadHeaderTimeout: headerTime,
		ReadTimeout:       readTime,
		WriteTimeout:      writeTime,
		IdleTimeout:       idleTime,
		MaxHeaderBytes:    maxHeader,
		ErrorLog:          slog.NewLogLogger(o.Logger.Handler(), slog.LevelWarn),
	}}
}

// Start listens and returns. A port that is taken is a *PortError.
func (s *Server) Start() error {
	l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(s.o.Port)))
	if err != nil {
		return &PortError{Port: s.o.Port, Err: err}
	}
	s.listener = limit(l, maxConnections)
	go func() {
		defer close(s.done)
		if err := s.http.Serve(s.listener); !errors.Is(err, http.ErrServerClosed) {
			s.o.Logger.Error("dashboard: ended", "error", err)
		}
	}()
	return nil
}

// Addr is the address, 127.0.0.1:port, of a server that was started.
func (s *Server) Addr() string { return s.listener.Addr().String() }

// Port is the port of a server that was started.
func (s *Server) Port() int { return s.listener.Addr().(*net.TCPAddr).Port }

// Stop closes the port, tells the requests under way to end, waits for them until
// the context ends, and then closes their connections too. A server that was not
// started is none the worse for it.
func (s *Server) Stop(ctx context.Context) error {
	s.end()
	if s.listener == nil {
		return nil
	}
	err := s.http.Shutdown(ctx)
	if err != nil {
		s.http.Close()
	}
	<-s.done
	return err
}

// PortError says that the dashboard cannot listen on its port.
type PortError struct {
	Port int
	Err  error
}

func (e *PortError) Error() string {
	return fmt.Sprintf("dashboard: cannot listen on 127.0.0.1:%d: %v", e.Port, e.Err)
}

func (e *PortError) Unwrap() error { return e.Err }

// Hint tells what to do.
func (e *PortError) Hint() string {
	return "choose another port for the dashboard, or 0 for any that is free"
}
