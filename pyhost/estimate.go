package pyhost

import "time"

// estimates remember how long the tasks of each identifier took lately, to
// tell which are so short that an interpreter should read some of them ahead.
type estimates map[string]time.Duration

// learn follows a rise at once and a fall slowly: reading ahead behind a long
// task costs more than a round trip.
func (e estimates) learn(identifier string, took time.Duration) {
	if known, ok := e[identifier]; ok && took < known {
		took = known - (known-took)/8
	}
	e[identifier] = took
}
