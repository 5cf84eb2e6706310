package broker

import (
	"fmt"
	"log/slog"
	"strings"
	"sync"
)

// serverLog passes the server's log on. What a stranger on the network can
// cause is a warning; only what stops the server is an error.
type serverLog struct {
	*slog.Logger

	mu    sync.Mutex
	fatal string
}

func (l *serverLog) Noticef(format string, v ...any) { l.Debug(fmt.Sprintf(format, v...)) }
func (l *serverLog) Errorf(format string, v ...any)  { l.Warn(fmt.Sprintf(format, v...)) }
func (l *serverLog) Debugf(format string, v ...any)  { l.Debug(fmt.Sprintf(format, v...)) }
func (l *serverLog) Tracef(format string, v ...any)  { l.Debug(fmt.Sprintf(format, v...)) }

// Warnf leaves out what the server says of our own choice: only clients that begin
// with TLS are served.
func (l *serverLog) Warnf(format string, v ...any) {
	if text := fmt.Sprintf(format, v...); !strings.Contains(text, "TLS Handshake First") {
		l.Warn(text)
	}
}

// Fatalf remembers the reason: the server does not return it, and an embedded
// one must not end the process.
func (l *serverLog) Fatalf(format string, v ...any) {
	text := fmt.Sprintf(format, v...)
	l.Error(text)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.fatal = text
}

func (l *serverLog) reason() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.fatal
}
