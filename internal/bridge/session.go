package bridge

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"sync"
	"syscall"

	"github.com/ewoks-hpc/ewoks-hpc/app"
	"github.com/ewoks-hpc/ewoks-hpc/pyhost"
	"github.com/ewoks-hpc/ewoks-hpc/task"
	"github.com/ewoks-hpc/ewoks-hpc/workflow"
)

// Options are what the command line says.
type Options struct {
	// Socket is the caller's.
	Socket *os.File
	// Cluster reads the options of a cluster of Slurm jobs or local workers; one
	// that it cannot use is an [OptionError].
	Cluster func(local bool, arguments []string) (app.ClusterOptions, error)
	// JobScript renders the script of a worker job.
	JobScript func(app.ClusterOptions) (string, error)
	// Find returns the state directory of a cluster that is up.
	Find   func(nameOrAddress string) (dir string, err error)
	Logger *slog.Logger
}

// session is one connection of a Python program.
type session struct {
	o       Options
	conn    net.Conn
	writing sync.Mutex
	running sync.WaitGroup

	mu      sync.Mutex
	cancels map[uint64]context.CancelCauseFunc
	cluster *app.Cluster
	options app.ClusterOptions
	client  *app.Client
	loaded  map[uint64]*workflow.Workflow
}

// call is one message of the caller.
type call struct {
	ID   uint64          `json:"id"`
	Verb string          `json:"call"`
	Args json.RawMessage `json:"args"`
}

// Serve answers calls until the socket ends or the context is cancelled.
func Serve(ctx context.Context, o Options) error {
	conn, err := net.FileConn(o.Socket)
	if err != nil {
		return fmt.Errorf("standard input is not a socket of the ewokshpc package: %w", err)
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
	if _, err := conn.Write(pyhost.CallerMessage()); err != nil {
		return err
	}
	s := &session{o: o, conn: conn, cancels: map[uint64]context.CancelCauseFunc{}, loaded: map[uint64]*workflow.Workflow{}}
	ctx, cancel := context.WithCancelCause(ctx)
	err = s.read(ctx)
	cancel(errors.New("the calling program has ended"))
	s.running.Wait()
	return errors.Join(err, s.close())
}

// read dispatches calls until there are no more.
func (s *session) read(ctx context.Context) error {
	reader := bufio.NewReaderSize(s.conn, 64<<10)
	for {
		frame, err := task.ReadFrame(reader)
		if errors.Is(err, io.EOF) || errors.Is(err, net.ErrClosed) || errors.Is(err, syscall.ECONNRESET) {
			return nil
		}
		if err != nil {
			return err
		}
		var c call
		if err := json.Unmarshal(frame.Header, &c); err != nil {
			return fmt.Errorf("call of the ewokshpc package: %w", err)
		}
		s.dispatch(ctx, c)
	}
}

// dispatch begins a call; calls do not wait for each other.
func (s *session) dispatch(ctx context.Context, c call) {
	if c.Verb == "cancel" {
		s.cancel(c)
		return
	}
	ctx, cancel := context.WithCancelCause(ctx)
	s.mu.Lock()
	s.cancels[c.ID] = cancel
	s.mu.Unlock()
	s.running.Go(func() {
		s.answer(ctx, c)
		cancel(nil)
		s.mu.Lock()
		delete(s.cancels, c.ID)
		s.mu.Unlock()
	})
}

// cancel ends another call, whose id is the argument.
func (s *session) cancel(c call) {
	var id uint64
	_ = json.Unmarshal(c.Args, &id)
	s.mu.Lock()
	cancel := s.cancels[id]
	s.mu.Unlock()
	if cancel != nil {
		cancel(errCancelled)
	}
	s.send(c.ID, "value", true)
}

var errCancelled = errors.New("cancelled by the user")

func (s *session) answer(ctx context.Context, c call) {
	verbs := map[string]func(context.Context, call) (any, error){
		"load": s.load, "run": s.runLocal, "submit": s.submit, "up": s.up, "connect": s.connect,
		"scale": s.scale, "job_script": s.jobScript, "overview": s.overview, "close": s.down,
	}
	handler := verbs[c.Verb]
	if handler == nil {
		s.fail(c.ID, fmt.Errorf("unknown call %q: are ewoks-hpc and the Python package of the same version?", c.Verb))
		return
	}
	value, err := handler(ctx, c)
	switch {
	case err != nil:
		s.fail(c.ID, err)
	case value != nil:
		s.send(c.ID, "value", value)
	}
}

// fail answers with an error.
func (s *session) fail(id uint64, err error) {
	answer := map[string]string{"message": err.Error(), "type": pythonType(err)}
	var h interface{ Hint() string }
	if errors.As(err, &h) {
		answer["hint"] = h.Hint()
	}
	s.send(id, "error", answer)
}

// send writes one message. That nobody reads it any more is seen by read.
func (s *session) send(id uint64, key string, value any) {
	data, err := json.Marshal(map[string]any{"id": id, key: value})
	if err != nil {
		s.o.Logger.Error("answer to the ewokshpc package", "error", err)
		return
	}
	s.write(task.Frame{Header: data})
}

func (s *session) write(f task.Frame) {
	s.writing.Lock()
	defer s.writing.Unlock()
	_, _ = s.conn.Write(task.AppendFrame(nil, f))
}
