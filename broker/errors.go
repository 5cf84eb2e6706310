package broker

import (
	"errors"
	"fmt"
	"strings"

	"github.com/nats-io/nats.go"
)

var (
	// ErrNoCoordinator reports a request that reached the broker while nobody
	// served its subject.
	ErrNoCoordinator error = hinted{
		errors.New("the broker answers but no coordinator serves the request"),
		"the launcher is starting or stopping; try again in a few seconds",
	}
	// ErrDisconnected reports a request or message that could not be sent, or
	// whose answer was lost, because the connection broke. Whether the other
	// side saw a lost request is unknown; the connection mends itself.
	ErrDisconnected = errors.New("not connected to the broker")
	// ErrRefused reports a subject that the credential may not use.
	ErrRefused = errors.New("refused by the broker's permissions")
	// ErrTooLarge reports a message over MaxMessage bytes.
	ErrTooLarge = fmt.Errorf("message larger than %d bytes", MaxMessage)
	// ErrNoReply reports a response to a message that cannot be answered: it
	// asked for none, or it arrived on a subject that takes no requests.
	ErrNoReply = errors.New("message takes no reply")
)

// hinted is an error with a line that tells the user what to do.
type hinted struct {
	error
	hint string
}

func (h hinted) Hint() string  { return h.hint }
func (h hinted) Unwrap() error { return h.error }

// ConnectError says why each address of a cluster could not be used.
type ConnectError struct {
	Cluster  string
	Host     string  // where the launcher ran when the access file was written
	Failures []error // one per address tried, each naming it
}

func (e *ConnectError) Error() string {
	reasons := make([]string, len(e.Failures))
	for i, f := range e.Failures {
		reasons[i] = f.Error()
	}
	return fmt.Sprintf("no broker of cluster %q reachable: %s", e.Cluster, strings.Join(reasons, "; "))
}

// Unwrap gives access to each failure.
func (e *ConnectError) Unwrap() []error { return e.Failures }

// Hint tells a stale access file from a launcher that is not there.
func (e *ConnectError) Hint() string {
	if errors.Is(e, nats.ErrAuthorization) || errors.Is(e, nats.ErrTLS) {
		return "the access file does not belong to the broker at that address; use the one its launcher wrote last"
	}
	return fmt.Sprintf("is the launcher on %s running, and is its port reachable from here?", e.Host)
}

// translate turns a client library error into one of this package's.
func translate(err error) error {
	switch {
	case errors.Is(err, nats.ErrNoResponders):
		return ErrNoCoordinator
	case errors.Is(err, nats.ErrMaxPayload):
		return ErrTooLarge
	case errors.Is(err, nats.ErrReconnectBufExceeded),
		errors.Is(err, nats.ErrDisconnected),
		errors.Is(err, nats.ErrConnectionReconnecting),
		errors.Is(err, nats.ErrConnectionClosed):
		return fmt.Errorf("%w (%w)", ErrDisconnected, err)
	}
	return err
}
