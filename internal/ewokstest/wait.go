package ewokstest

import (
	"fmt"
	"time"
)

// Patience is how long tests wait for what should happen at once.
const Patience = 30 * time.Second

// Wait calls ready until it returns nil. After [Patience] it gives up and
// returns what the last call said.
func Wait(what string, ready func() error) error {
	deadline := time.Now().Add(Patience)
	for {
		err := ready()
		if err == nil {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("%s: not within %s: %w", what, Patience, err)
		}
		time.Sleep(50 * time.Millisecond)
	}
}
