package task

import "fmt"

// Limits on what one message between a worker and its launcher may hold. The
// broker bounds its bytes; these keep a small message from becoming large in
// memory, or in what is kept of it.
const (
	MaxSlots   = 1 << 16
	MaxResults = 1 << 16
	MaxIDs     = 1 << 18 // in each list of ids
	MaxSteps   = 1000    // of a run that is executed as a whole
	maxName    = 256     // bytes of what a worker says of itself
	maxPath    = 4096
	maxMemory  = 1 << 60 // bytes
)

// DecodeHello reads a Hello and checks its limits.
func DecodeHello(data []byte) (h Hello, err error) {
	if err := DecodeJSON(data, &h); err != nil {
		return h, err
	}
	for name, text := range map[string]string{
		"worker": h.Worker, "key": h.Key, "job": h.Job, "index": h.Index, "restart": h.Restart, "pool": h.Pool, "host": h.Host,
	} {
		if len(text) > maxName {
			return h, fmt.Errorf("hello: %s of %d bytes, at most %d", name, len(text), maxName)
		}
	}
	if len(h.Python) > maxPath {
		return h, fmt.Errorf("hello: python of %d bytes, at most %d", len(h.Python), maxPath)
	}
	if h.Slots < 1 || h.Slots > MaxSlots {
		return h, fmt.Errorf("hello: %d slots, want 1 to %d", h.Slots, MaxSlots)
	}
	if h.Cores < 0 || h.Cores > MaxSlots || h.GPUs < 0 || h.GPUs > MaxSlots || h.Memory < 0 || h.Memory > maxMemory {
		return h, fmt.Errorf("hello: %d cores, %d GPUs, %d bytes of memory", h.Cores, h.GPUs, int64(h.Memory))
	}
	return h, nil
}

// check is for a turn whose results are not decoded yet.
func (t *Turn) check() error {
	for name, list := range map[string][]ID{"holding": t.Holding, "returned": t.Returned} {
		if len(list) > MaxIDs {
			return fmt.Errorf("turn: %d tasks in %s, at most %d", len(list), name, MaxIDs)
		}
	}
	if t.Free < 0 || t.Free > MaxSlots || t.Ahead < 0 || t.Ahead > MaxSlots {
		return fmt.Errorf("turn: %d free slots and %d ahead, want 0 to %d", t.Free, t.Ahead, MaxSlots)
	}
	return nil
}

// checkCount refuses a JSON array of more than limit items before it is decoded:
// an item of 3 bytes may become one of hundreds. It judges nothing else.
func checkCount(array []byte, limit int) error {
	depth, items, quoted := 0, 1, false
	for i := 0; i < len(array); i++ {
		switch c := array[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '[' || c == '{':
			depth++
		case c == ']' || c == '}':
			depth--
		case c == ',' && depth == 1:
			items++
		}
	}
	if items > limit {
		return fmt.Errorf("%d items, at most %d", items, limit)
	}
	return nil
}
