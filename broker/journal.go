package broker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// JournalOptions describe a journal.
type JournalOptions struct {
	// Dir is a folder on a local disk, private to the user.
	Dir string
	// Strict syncs every entry to the disk before it counts as kept. Else a crash
	// of the machine, not of the program, may lose those of the last second.
	Strict bool
	// MaxBytes bounds the journal. Defaults to 8 GiB, or half of what is free.
	MaxBytes int64
	Logger   *slog.Logger // nil discards
}

// Journal keeps entries, each under a topic, in the order in which they were
// appended. It is a JetStream with a server of its own, which listens on nothing:
// no key of a worker or client can reach it.
type Journal struct {
	options JournalOptions
	nats    *server.Server
	conn    *nats.Conn
	js      jetstream.JetStream
	stream  jetstream.Stream
	lock    *os.File
	mu      sync.Mutex // keeps the parts of an entry together
}

const (
	journalStream  = "JOURNAL"
	journalSubject = "journal."
	markSubject    = "mark"

	// maxPart is the largest part of an entry that travels as one message.
	maxPart = 1 << 20
	// A part begins with one byte: whether more of the entry follows, and whether it
	// is the first of an entry, so that the rest of a torn one is told from it.
	partMore, partFirst = 1, 2

	defaultJournalBytes = 8 << 30
	// spareShare is the part of a journal that only entries of runs that it has
	// taken may use.
	spareShare = 8
)

// OpenJournal opens the journal of a folder, or makes it. It refuses network file
// systems, on which such a journal is not safe, and a folder that is in use.
func OpenJournal(o JournalOptions) (_ *Journal, err error) {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if err := privateDir(o.Dir); err != nil {
		return nil, fmt.Errorf("journal: %w", err)
	}
	system, err := StatFileSystem(o.Dir)
	if err != nil {
		return nil, fmt.Errorf("journal: %w", err)
	}
	if system.Reach == ReachShared {
		return nil, hinted{fmt.Errorf("journal: %s is on a network file system (%s), where it would not be safe", o.Dir, system.Kind), "name a folder on a local disk with --journal-dir"}
	}
	if o.MaxBytes == 0 {
		o.MaxBytes = min(defaultJournalBytes, system.Free/2+usedBytes(o.Dir))
	}
	j := &Journal{options: o}
	defer func() {
		if err != nil {
			j.Close()
		}
	}()
	if j.lock, err = lockDir(o.Dir); err != nil {
		return nil, err
	}
	if err := j.start(); err != nil {
		return nil, hinted{
			fmt.Errorf("the journal in %s cannot be opened: %w", o.Dir, err),
			"start with another folder (--journal-dir), or move this one away: the runs in it are then not known any more",
		}
	}
	return j, nil
}

func (j *Journal) start() error {
	options := &server.Options{
		ServerName: "journal", DontListen: true, NoSigs: true, JetStream: true, StoreDir: j.options.Dir,
		JetStreamMaxStore: j.options.MaxBytes + maxPart, JetStreamMaxMemory: 64 << 20,
		SyncInterval: time.Second, SyncAlways: j.options.Strict, MaxPayload: 2 * maxPart, MaxPending: 256 << 20,
	}
	var err error
	if j.nats, err = server.NewServer(options); err != nil {
		return err
	}
	log := &serverLog{Logger: j.options.Logger}
	j.nats.SetLoggerV2(log, false, false, false)
	j.nats.Start()
	for begun := time.Now(); !j.nats.ReadyForConnections(100 * time.Millisecond); {
		if reason := log.reason(); reason != "" {
			return errors.New(reason)
		}
		if time.Since(begun) > startTime {
			return fmt.Errorf("not ready after %v", startTime)
		}
	}
	if j.conn, err = nats.Connect("", nats.InProcessServer(j.nats), nats.Name("journal"), nats.MaxReconnects(0)); err != nil {
		return err
	}
	if j.js, err = jetstream.New(j.conn, jetstream.WithPublishAsyncMaxPending(1<<16), jetstream.WithPublishAsyncTimeout(appendTime)); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), startTime)
	defer cancel()
	j.stream, err = j.js.CreateOrUpdateStream(ctx, jetstream.StreamConfig{
		Name: journalStream, Subjects: []string{journalSubject + ">", markSubject}, Storage: jetstream.FileStorage,
		Retention: jetstream.LimitsPolicy, Discard: jetstream.DiscardNew, MaxBytes: j.options.MaxBytes, MaxMsgs: -1,
		Duplicates: time.Second, // there are no message ids to remember
	})
	return err
}

// appendTime bounds how long an entry may take to be kept.
const appendTime = 30 * time.Second

// Kept tells whether an entry that was appended is kept.
type Kept struct{ last jetstream.PubAckFuture }

// Wait returns once the entry is kept, or an error if it is not.
func (k Kept) Wait() error {
	select {
	case <-k.last.Ok():
		return nil
	case err := <-k.last.Err():
		return fmt.Errorf("journal: %w", err)
	}
}

// Append adds an entry under a topic, which is one or more tokens (CheckToken) with
// dots between them. Entries are kept in the order of the calls, and one that
// is kept means that all before it are.
func (j *Journal) Append(topic string, entry []byte) (Kept, error) {
	for token := range strings.SplitSeq(topic, ".") {
		if err := CheckToken(token); err != nil {
			return Kept{}, err
		}
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	for kind := byte(partFirst); ; kind = 0 {
		part := entry[:min(len(entry), maxPart)]
		if entry = entry[len(part):]; len(entry) > 0 {
			kind |= partMore
		}
		ack, err := j.js.PublishAsync(journalSubject+topic, append(append(make([]byte, 0, len(part)+1), kind), part...))
		if err != nil {
			return Kept{}, fmt.Errorf("journal: %w", err)
		}
		if kind&partMore == 0 {
			return Kept{ack}, nil
		}
	}
}

// Forget removes all entries of a topic.
func (j *Journal) Forget(topic string) error {
	ctx, cancel := context.WithTimeout(context.Background(), appendTime)
	defer cancel()
	if err := j.stream.Purge(ctx, jetstream.WithPurgeSubject(journalSubject+topic)); err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	return nil
}

// Room reports why the journal should take no more runs: it is nearly full, or
// the disk is.
func (j *Journal) Room() error {
	used, most := usedBytes(j.options.Dir), j.options.MaxBytes
	if used > most-most/spareShare {
		return hinted{fmt.Errorf("the journal in %s is nearly full: %d of %d MiB", j.options.Dir, used>>20, most>>20), "wait until runs have ended, or end some with ewoks-hpc cancel"}
	}
	system, err := StatFileSystem(j.options.Dir)
	if err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	if system.Free < minFree {
		return hinted{fmt.Errorf("the disk of the journal in %s is nearly full: %d MiB are free", j.options.Dir, system.Free>>20), "make room, or choose another folder with --journal-dir"}
	}
	return nil
}

// minFree is what must be free on the disk for a new run, in bytes.
const minFree = 64 << 20

// Close ends the journal. What was appended before is kept.
func (j *Journal) Close() error {
	if j.conn != nil {
		j.conn.Close()
	}
	if j.nats != nil {
		j.nats.Shutdown()
		j.nats.WaitForShutdown()
	}
	if j.lock == nil {
		return nil
	}
	return j.lock.Close()
}
