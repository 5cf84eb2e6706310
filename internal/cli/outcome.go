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
		return failedError{exitInterrupted}
	}
	if o.Failure.Traceback != "" && !p.quiet {
		fmt.Fprintln(s.Err, strings.TrimRight(o.Failure.Traceback, "\n"))
	}
	fmt.Fprintf(s.Err, "ewoks-hpc: %s\n", o.Failure.Message)
	if o.Failure.Advice != "" {
		fmt.Fprintf(s.Err, "  hint: %s\n", o.Failure.Advice)
	}
	return failedError{exitFailed}
}

// outputsJSON merges outputs into one object; later ones replace earlier ones
// of the same name, in their place.
func outputsJSON(outputs []engine.Output) []byte {
	place := map[string]int{}
	var names, values []string
	for _, o := range outputs {
		text := o.Shown
		if text == "" {
			text = `{"type":"MissingData","repr":"<MISSING_DATA>"}`
		}
		if i, again := place[o.Name]; again {
			values[i] = text
			continue
		}
		place[o.Name] = len(names)
		names, values = append(names, o.Name), append(values, text)
	}
	var b bytes.Buffer
	b.WriteByte('{')
	for i, name := range names {
		if i > 0 {
			b.WriteByte(',')
		}
		key, _ := json.Marshal(name)
		b.Write(key)
		b.WriteByte(':')
		b.WriteString(values[i])
	}
	b.WriteByte('}')
	var indented bytes.Buffer
	if json.Indent(&indented, b.Bytes(), "", "  ") != nil {
		return append(b.Bytes(), '\n')
	}
	return append(indented.Bytes(), '\n')
}
