package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/ewoks-hpc/ewoks-hpc/engine"
)

// printOutcome prints the outputs of a run, or why it has none.
func printOutcome(s Streams, o engine.Outcome, p *progress) error {
	switch o.Status {
	case engine.Succeeded:
		_, err := s.Out.Write(outputsJSON(o.Outputs))
		return err
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

// outputsJSON merges outputs into one object, sorted by name: outputs of a class
// have no order of their own. Later ones replace earlier ones of the same name.
func outputsJSON(outputs []engine.Output) []byte {
	merged := map[string]json.RawMessage{}
	for _, o := range outputs {
		merged[o.Name] = json.RawMessage(or(o.Shown, `{"type":"MissingData","repr":"<MISSING_DATA>"}`))
	}
	var text bytes.Buffer
	e := json.NewEncoder(&text)
	e.SetEscapeHTML(false) // people read <class 'object'>
	e.SetIndent("", "  ")
	if err := e.Encode(merged); err != nil { // an interpreter sent what is not JSON
		_ = e.Encode(map[string]string{"error": err.Error()})
	}
	return text.Bytes()
}
