package broker

import (
	"context"
	"fmt"
	"strings"

	"github.com/nats-io/nats.go/jetstream"
)

// Replay reads all entries that were kept before, in their order. In a folder that was
// damaged, some may be missing or have a part only; it is for the caller to notice.
// An error of each ends the reading.
func (j *Journal) Replay(ctx context.Context, each func(topic string, entry []byte) error) error {
	info, err := j.stream.Info(ctx)
	if err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	if info.State.Msgs == 0 {
		return nil
	}
	end := j.mark(ctx, info.State.LastSeq)
	consumer, err := j.stream.OrderedConsumer(ctx, jetstream.OrderedConsumerConfig{})
	if err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	messages, err := consumer.Messages(jetstream.PullMaxBytes(8 << 20))
	if err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	defer messages.Stop()
	for parts := (assembly{}); ; {
		m, err := messages.Next(jetstream.NextContext(ctx))
		if err != nil {
			return fmt.Errorf("journal: %w", err)
		}
		meta, err := m.Metadata()
		if err != nil {
			return fmt.Errorf("journal: %w", err)
		}
		if topic, ok := strings.CutPrefix(m.Subject(), journalSubject); ok {
			if entry, whole := parts.add(topic, m.Data()); whole {
				if err := each(topic, entry); err != nil {
					return err
				}
			}
		}
		if meta.Sequence.Stream >= end || meta.NumPending == 0 {
			return nil
		}
	}
}

// mark puts a message at the end of the stream and returns its number: where messages
// were damaged, the server waits for more than there are. Only one mark is kept, which
// makes room for the next one in a journal that is full.
func (j *Journal) mark(ctx context.Context, last uint64) uint64 {
	err := j.stream.Purge(ctx, jetstream.WithPurgeSubject(markSubject))
	if err == nil {
		var ack *jetstream.PubAck
		if ack, err = j.js.Publish(ctx, markSubject, nil); err == nil {
			return ack.Sequence
		}
	}
	j.options.Logger.Warn("the end of the journal is not marked", "error", err)
	return last
}

// assembly are the parts of entries, by topic, of which more is to come. What is left
// at the end was never kept.
type assembly map[string][]byte

// add returns an entry once it is whole.
func (a assembly) add(topic string, part []byte) (entry []byte, whole bool) {
	kind := byte(0)
	if len(part) > 0 {
		kind, part = part[0], part[1:]
	}
	if kind&partFirst != 0 {
		delete(a, topic)
	}
	if entry = append(a[topic], part...); kind&partMore != 0 {
		a[topic] = entry
		return nil, false
	}
	delete(a, topic)
	return entry, true
}
