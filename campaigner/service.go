package campaigner

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/ledger"
	"github.com/ewoks-hpc/ewoks-hpc/task"
)

// Options configure a Service.
type Options struct {
	// Dir is the folder of the ledgers, on a local disk.
	Dir  string
	Runs Runs
	// Slots is how many tasks the cluster can execute at a time; nil is none.
	Slots func() int
	// Window bounds the rows in flight of all campaigns: not those of campaigns with a
	// lower priority, so that they keep no other back. 0 is 2000 and 4 for each slot.
	Window int
	// MaxLost is how often a row that was lost is tried again; 0 is DefaultLost.
	MaxLost int
	// Ledgers are how ledgers are kept.
	Ledgers ledger.Options
	Logger  *slog.Logger
}

// DefaultLost is how often a row that was lost is tried again.
const DefaultLost = 5

const (
	baseWindow = 2000
	perSlot    = 4
	// mostBegun bounds the rows of one transaction, so that ends are not kept waiting.
	mostBegun = 1000
)

// Service carries out the campaigns of a folder: Start it, and Stop it.
type Service struct {
	o       Options
	wake    chan struct{}
	ctx     context.Context // ends with the service
	stop    context.CancelFunc
	stopped chan struct{}

	endsMu sync.Mutex
	ends   []End

	mu      sync.Mutex // held shortly; taken before that of an entry only to try it
	entries map[string]*entry
	turn    int
}

// New prepares a service. It takes ends from then on.
func New(o Options) *Service {
	if o.MaxLost == 0 {
		o.MaxLost = DefaultLost
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	s := &Service{o: o, wake: make(chan struct{}, 1), stopped: make(chan struct{}), entries: map[string]*entry{}}
	s.ctx, s.stop = context.WithCancel(context.Background())
	return s
}

// Start goes on with the campaigns that have not ended. A ledger that cannot be used
// is logged, and keeps no other back.
func (s *Service) Start() error {
	if err := os.MkdirAll(s.o.Dir, 0o700); err != nil {
		return err
	}
	names, err := Folder{s.o.Dir}.Names()
	if err != nil {
		return err
	}
	for _, name := range names {
		if err := s.use(name, nil, func(*entry) error { return nil }); err != nil {
			s.o.Logger.Error("campaign not taken up", "campaign", name, "error", err)
		}
	}
	s.poke()
	go s.run()
	return nil
}

// Stop ends the service; rows that run go on. Ends that come later are not recorded.
func (s *Service) Stop() error {
	s.stop()
	<-s.stopped
	s.mu.Lock()
	defer s.mu.Unlock()
	var failed error
	for name, e := range s.entries {
		e.mu.Lock()
		if err := e.close(); failed == nil {
			failed = err
		}
		e.mu.Unlock()
		delete(s.entries, name)
	}
	return failed
}

// Ended takes ends of attempts. It returns at once.
func (s *Service) Ended(ends []End) {
	s.endsMu.Lock()
	s.ends = append(s.ends, ends...)
	s.endsMu.Unlock()
	s.poke()
}

// poke wakes the loop.
func (s *Service) poke() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// again is the time until what did not work is tried again.
const again = time.Second

func (s *Service) run() {
	defer close(s.stopped)
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-s.ctx.Done():
			return
		case <-timer.C:
		case <-s.wake:
		}
		recorded, filled := s.record(), s.fill()
		s.retire()
		if !recorded || !filled {
			timer.Reset(again)
		}
	}
}

func (s *Service) path(name string) string { return Folder{s.o.Dir}.path(name) }

func (s *Service) window() int {
	if s.o.Window > 0 {
		return s.o.Window
	}
	slots := 0
	if s.o.Slots != nil {
		slots = s.o.Slots()
	}
	return baseWindow + perSlot*slots
}

// newRun is the id of an attempt.
func newRun() string { return task.NewKey() }

// ending of the files of ledgers, and of what rows printed.
const (
	ledgerEnding = ".db"
	logEnding    = ".log"
)

// Folder is where ledgers are. It reads them, also while a service uses them.
type Folder struct{ Dir string }

func (f Folder) path(name string) string { return filepath.Join(f.Dir, name+ledgerEnding) }
func (f Folder) log(name string) string  { return filepath.Join(f.Dir, name+logEnding) }
