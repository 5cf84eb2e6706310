package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

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
	selectors, err := workflow.ParseOutputs(text)
	if err != nil {
		return nil, usageError{fmt.Errorf("--outputs %s: %w", text, err), `write end, all, none, or a list like [{"id": "node", "name": "result", "new_name": "a"}]`}
	}
	return selectors, nil
}

// pickleFile is the absolute path of the file to save to, if it is for Python.
func pickleFile(path string) (string, error) {
	switch {
	case path == "", filepath.Ext(path) == ".json":
		return "", nil
	case filepath.Ext(path) == ".pkl":
		if info, err := os.Stat(filepath.Dir(path)); err != nil || !info.IsDir() {
			return "", usageError{fmt.Errorf("--save %s: there is no such folder", path), "make the folder first"}
		}
		return filepath.Abs(path)
	}
	return "", usageError{fmt.Errorf("--save %s: unknown ending", path), "name a file that ends in .pkl or .json"}
}

// jsonFile is the file to save to, if it is for JSON.
func jsonFile(path string) string {
	if filepath.Ext(path) == ".json" {
		return path
	}
	return ""
}

func saveJSON(path string, v any) error {
	f, err := os.Create(path)
	if err != nil {
		return usageError{err, "name a file that can be written with --save"}
	}
	return errors.Join(printJSON(f, v), f.Close())
}
