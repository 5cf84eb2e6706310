package workflow

import (
	"fmt"
	"strings"
)

// Kind is the cause of a problem, stable enough to test for.
type Kind string

// The causes of problems in a workflow document.
const (
	KindDocument  Kind = "document"          // a value has the wrong shape or type
	KindID        Kind = "id"                // a node id cannot be used
	KindDirected  Kind = "directed"          // the graph is undirected
	KindSchema    Kind = "schema"            // unknown or unsupported schema_version or serializer
	KindTask      Kind = "task"              // none or several keys say what a node executes
	KindMissing   Kind = "missing-attribute" // task_identifier or task_generator is missing
	KindForbidden Kind = "forbidden"         // task_identifier or task_generator is not allowed
	KindUnknown   Kind = "unknown-node"      // a link or alias names a node that does not exist
	KindExclusive Kind = "exclusive"         // two link attributes that exclude each other
	KindConflict  Kind = "conflict"          // parallel links contradict each other
	KindTarget    Kind = "target-input"      // a data mapping has no target_input
	KindCollision Kind = "input-collision"   // two links feed the same input
	KindSubgraph  Kind = "subgraph"          // sub_source, sub_target or sub_target_attributes misused
	KindFile      Kind = "subgraph-file"     // a subgraph cannot be read
	KindRecursion Kind = "recursion"         // a graph includes itself
	KindLimit     Kind = "limit"             // the document is larger than allowed

	// These are warnings.
	KindDeprecated Kind = "deprecated" // an old form was understood
	KindIgnored    Kind = "ignored"    // a part of the document has no effect
)

// Problem is one thing that is wrong with a workflow document.
type Problem struct {
	Kind Kind
	// File is the document at fault, empty for text that has no name.
	File string
	// Node is the string form of the node's id, from the outermost graph down.
	Node string
	// Link is "source -> target".
	Link string
	// Field is the attribute at fault.
	Field   string
	Message string
	// Hint says what to do about it; may be empty.
	Hint string

	cause error
	// stands is how many problems this one stands for, beyond itself.
	stands int
}

// Error names the place and then the problem, in one line.
func (p Problem) Error() string {
	var b strings.Builder
	write := func(part string) {
		if part != "" {
			b.WriteString(part)
			b.WriteString(": ")
		}
	}
	write(p.File)
	if p.Node != "" {
		write(fmt.Sprintf("node %q", p.Node))
	}
	if p.Link != "" {
		write("link " + p.Link)
	}
	b.WriteString(p.Message)
	return b.String()
}

// Problems are all problems of a document, in document order. It is the error
// of Load for a document that can be read but is not a valid workflow.
type Problems []Problem

// Error is the first problem and how many more there are.
func (ps Problems) Error() string {
	if len(ps) == 0 {
		return "no problems"
	}
	switch more := len(ps) - 1 + ps[len(ps)-1].stands; more {
	case 0:
		return ps[0].Error()
	case 1:
		return ps[0].Error() + " (and 1 more problem)"
	default:
		return fmt.Sprintf("%s (and %d more problems)", ps[0].Error(), more)
	}
}

// Hint is the first hint there is.
func (ps Problems) Hint() string {
	for _, p := range ps {
		if p.Hint != "" {
			return p.Hint
		}
	}
	return ""
}

// Unwrap gives the causes, so that errors.Is finds a missing subgraph file.
func (ps Problems) Unwrap() []error {
	var causes []error
	for _, p := range ps {
		if p.cause != nil {
			causes = append(causes, p.cause)
		}
	}
	return causes
}

// SyntaxError is a document that is not well-formed JSON or YAML.
type SyntaxError struct {
	// File is empty for text that has no name.
	File string
	// Line and Column count from 1; Column counts bytes and is 0 when the
	// parser does not tell.
	Line, Column int
	Message      string
	Advice       string
}

// Error is "file:line:column: message".
func (e *SyntaxError) Error() string {
	file := e.File
	if file == "" {
		file = "workflow"
	}
	if e.Column == 0 {
		return fmt.Sprintf("%s:%d: %s", file, e.Line, e.Message)
	}
	return fmt.Sprintf("%s:%d:%d: %s", file, e.Line, e.Column, e.Message)
}

// Hint says how to repair the document, or at least where to look.
func (e *SyntaxError) Hint() string {
	if e.Advice == "" {
		return "look at that place and just before it: a comma, quote or bracket is missing or too many"
	}
	return e.Advice
}

// maxProblems bounds what a hostile document can make us remember.
const maxProblems = 1000

// report collects problems and warnings.
type report struct {
	problems Problems
	warnings Problems
	dropped  int
}

func (r *report) add(p Problem) {
	if len(r.problems) >= maxProblems {
		r.dropped++
		return
	}
	r.problems = append(r.problems, p)
}

func (r *report) warn(p Problem) {
	if len(r.warnings) < maxProblems {
		r.warnings = append(r.warnings, p)
	}
}

// err is nil when there are no problems.
func (r *report) err() error {
	if len(r.problems) == 0 {
		return nil
	}
	if r.dropped > 0 {
		last := Problem{Kind: KindLimit, Message: fmt.Sprintf("%d more problems are not listed", r.dropped), stands: r.dropped - 1}
		return append(r.problems, last)
	}
	return r.problems
}
