package bridge

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/ewoks-hpc/ewoks-hpc/app"
	"github.com/ewoks-hpc/ewoks-hpc/workflow"
)

// loadArgs say where a workflow comes from: a document or a path.
type loadArgs struct {
	Document       json.RawMessage         `json:"document"`
	Path           string                  `json:"path"`
	Representation workflow.Representation `json:"representation"`
	RootDir        string                  `json:"root_dir"`
	RootModule     string                  `json:"root_module"`
	SearchPath     []string                `json:"search_path"`
	Inputs         json.RawMessage         `json:"inputs"`
	// Required are the required inputs of task classes that the caller has
	// looked up; null is a class that it does not find.
	Required map[string][]string `json:"required"`
}

// load reads a workflow and applies inputs. Its answer is the number of the
// workflow and its id or, when it must be known first to tell where the workflow
// starts, of which task classes it needs the required inputs.
func (s *session) load(_ context.Context, c call) (any, error) {
	var args loadArgs
	if err := json.Unmarshal(c.Args, &args); err != nil {
		return nil, fmt.Errorf("arguments of load: %w", err)
	}
	var inputs []workflow.GraphInput
	if len(args.Inputs) > 0 {
		if err := json.Unmarshal(args.Inputs, &inputs); err != nil {
			return nil, &app.InvalidError{Cause: fmt.Errorf("inputs: %w", err)}
		}
	}
	var need []string
	required := func(identifier string) ([]string, bool) {
		names, asked := args.Required[identifier]
		if !asked {
			need = append(need, identifier)
		}
		return names, names != nil
	}
	source := workflow.Source{Path: args.Path, Data: args.Document, Representation: args.Representation}
	options := workflow.LoadOptions{RootDir: args.RootDir, RootModule: args.RootModule, SearchPath: args.SearchPath}
	wf, err := app.LoadSource(source, options, inputs, required)
	if need != nil {
		return map[string]any{"need": need}, nil
	}
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	s.loaded[c.ID] = wf
	s.mu.Unlock()
	return map[string]any{"workflow": c.ID, "id": wf.ID}, nil
}

// takeWorkflow returns a workflow that was loaded, once.
func (s *session) takeWorkflow(number uint64) *workflow.Workflow {
	s.mu.Lock()
	defer s.mu.Unlock()
	wf := s.loaded[number]
	delete(s.loaded, number)
	return wf
}
