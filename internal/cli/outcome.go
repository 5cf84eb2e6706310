package cli

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/ewoks-hpc/ewoks-hpc/engine"
)

// printOutcome prints the outputs of a run, or why it has none.
func printOutcome(s Streams, o engine.Outcome, p *progress, separate bool, file string) error {
	switch o.Status {
	case engine.Succeeded:
		var outputs any = merged(o.Outputs)
		if separate {
			outputs = apart(o.Outputs)
		}
		if file != "" {
			if err := saveJSON(file, outputs); err != nil {
				return err
			}
		}
		return printJSON(s.Out, outputs)
	case engine.Cancelled:
		fmt.Fprintf(s.Err, "ewoks-hpc: the run was cancelled: %s\n", o.Failure.Message)
		return failedError{exitInfra}
	}
	if strings.Contains(o.Failure.Traceback, "  File ") && !p.quiet {
		fmt.Fprintln(s.Err, strings.TrimRight(o.Failure.Traceback, "\n"))
	}
	if message := o.Failure.Message; strings.Contains(message, "'"+o.Node+"'") {
		fmt.Fprintf(s.Err, "ewoks-hpc: %s\n", message)
	} else {
		fmt.Fprintf(s.Err, "ewoks-hpc: node '%s': %s\n", o.Node, message)
	}
	if o.Failure.Advice != "" {
		fmt.Fprintf(s.Err, "  hint: %s\n", o.Failure.Advice)
	}
	return failedError{exitFailed}
}

// merged puts outputs into one object; later ones replace earlier ones of the
// same name. Encoding sorts by name: outputs of a class have no order of their own.
func merged(outputs []engine.Output) map[string]json.RawMessage {
	values := map[string]json.RawMessage{}
	for _, o := range outputs {
		if o.Name != "" {
			values[o.Name] = shown(o)
		}
	}
	return values
}

// apart puts the outputs of each node into an object of its own.
func apart(outputs []engine.Output) map[string]map[string]json.RawMessage {
	nodes := map[string]map[string]json.RawMessage{}
	for _, o := range outputs {
		if nodes[o.Node] == nil {
			nodes[o.Node] = map[string]json.RawMessage{}
		}
		if o.Name != "" {
			nodes[o.Node][o.Name] = shown(o)
		}
	}
	return nodes
}

func shown(o engine.Output) json.RawMessage {
	return json.RawMessage(cmp.Or(o.Shown, `{"type":"MissingData","repr":"<MISSING_DATA>"}`))
}

func printJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false) // people read <class 'object'>
	e.SetIndent("", "  ")
	if err := e.Encode(v); err != nil {
		return fmt.Errorf("outputs: %w", err)
	}
	return nil
}
