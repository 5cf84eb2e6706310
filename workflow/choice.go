package workflow

import (
	"encoding/json"
	"errors"
)

var errNoSelection = errors.New("null selects nothing: write none")

// ParseOutputs reads which outputs of a run are meant: end, which is nil, all, none,
// which is an empty list, or a list of selections in JSON. The error is that of the
// JSON.
func ParseOutputs(text string) ([]OutputSelector, error) {
	switch text {
	case "end":
		return nil, nil
	case "all":
		return []OutputSelector{{Selector: Selector{All: true}}}, nil
	case "none", "[]":
		return []OutputSelector{}, nil
	}
	var selectors []OutputSelector
	if err := json.Unmarshal([]byte(text), &selectors); err != nil {
		return nil, err
	}
	if selectors == nil {
		return nil, errNoSelection
	}
	return selectors, nil
}
