package coordinator_test

import (
	"testing"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/task"
)

// How long tasks take is learned, and what was known before is not forgotten.
func TestLearned(t *testing.T) {
	s := newSite(t, time.Second)
	s.learned = map[string]time.Duration{"other.f": time.Minute}
	s.end()
	s.start()
	s.hire("w", 1, func(r *task.Request) task.Result {
		result := s.count(r)
		result.Duration = 3 * time.Second
		return result
	})
	s.run(document(2, before))
	if known := s.now().Learned(); known["m.f"] != 3*time.Second || known["other.f"] != time.Minute {
		t.Errorf("learned: %v", known)
	}
}
