package cli

import (
	"encoding/json"
	"fmt"
	"os"

	"github.com/ewoks-hpc/ewoks-hpc/workflow"
)

// readInputs reads the inputs of a run from a JSON file; no name means none.
func readInputs(path string) ([]workflow.GraphInput, error) {
	if path == "" {
		return nil, nil
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, usageError{err, "name a JSON file with a list of inputs"}
	}
	var inputs []workflow.GraphInput
	if err := json.Unmarshal(data, &inputs); err != nil {
		return nil, usageError{fmt.Errorf("inputs %s: %w", path, err), `write a list like [{"id": "node", "name": "a", "value": 1}]`}
	}
	return inputs, nil
}

// parseOutputs reads which outputs a run returns.
func parseOutputs(text string) ([]workflow.OutputSelector, error) {
	switch text {
	case "end":
		return nil, nil
	case "all":
		return []workflow.OutputSelector{{Selector: workflow.Selector{All: true}}}, nil
	case "none":
		return []workflow.OutputSelector{}, nil
	}
	var selectors []workflow.OutputSelector
	if err := json.Unmarshal([]byte(text), &selectors); err != nil || selectors == nil {
		return nil, usageError{fmt.Errorf("--outputs %s: %w", text, err), `write end, all, none, or a list like [{"id": "node", "name": "result", "new_name": "a"}]`}
	}
	return selectors, nil
}
