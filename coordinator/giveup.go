package coordinator

import (
	"context"
	"strings"

	"github.com/ewoks-hpc/ewoks-hpc/broker"
)

// GiveUp forgets the runs of a journal that have not ended, and returns how many
// there were.
func GiveUp(ctx context.Context, journal *broker.Journal) (int, error) {
	open := map[string]bool{}
	err := journal.Replay(ctx, func(topic string, _ []byte) error {
		if !strings.HasPrefix(topic, endTopic) {
			open[topic] = true
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	runs := 0
	for topic := range open {
		if strings.HasPrefix(topic, runTopic) {
			runs++
		}
		if err := journal.Forget(topic); err != nil {
			return runs, err
		}
	}
	return runs, nil
}
