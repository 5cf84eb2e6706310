package runner

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"sync"

	"github.com/ewoks-hpc/ewoks-hpc/task"
	"github.com/ewoks-hpc/ewoks-hpc/workflow"
)

// documents are the workflows of the value store, the last few of them parsed.
type documents struct {
	store string

	mu     sync.Mutex
	recent []*document // the one that was used last is the first
}

// document is a workflow that is read when it is used first.
type document struct {
	identifier string
	read       func() (*workflow.Workflow, error)
}

// keptDocuments is how many stay in memory.
const keptDocuments = 4

// workflow gives a workflow that must not be changed.
func (d *documents) workflow(identifier string) (*workflow.Workflow, error) {
	found := d.find(identifier)
	wf, err := found.read()
	if err != nil { // what is not there now may be there later
		d.mu.Lock()
		defer d.mu.Unlock()
		d.recent = slices.DeleteFunc(d.recent, func(x *document) bool { return x == found })
	}
	return wf, err
}

func (d *documents) find(identifier string) *document {
	d.mu.Lock()
	defer d.mu.Unlock()
	i := slices.IndexFunc(d.recent, func(x *document) bool { return x.identifier == identifier })
	if i >= 0 {
		found := d.recent[i]
		copy(d.recent[1:i+1], d.recent[:i])
		d.recent[0] = found
		return found
	}
	made := &document{identifier, sync.OnceValues(func() (*workflow.Workflow, error) { return readDocument(d.store, identifier) })}
	d.recent = slices.Insert(d.recent, 0, made)
	if len(d.recent) > keptDocuments {
		d.recent = slices.Delete(d.recent, keptDocuments, len(d.recent))
	}
	return made
}

// documentError is a workflow document that cannot be used.
type documentError struct {
	path   string
	cause  error
	advice string
}

func (e *documentError) Error() string {
	return fmt.Sprintf("workflow document %s: %s", e.path, e.cause)
}
func (e *documentError) Unwrap() error { return e.cause }

// Hint tells what to look at.
func (e *documentError) Hint() string { return e.advice }

var errHash = errors.New("its text is not what its name says")

func readDocument(store, identifier string) (*workflow.Workflow, error) {
	path, err := task.DocumentPath(store, identifier)
	if err != nil {
		return nil, err
	}
	text, err := readBounded(path, workflow.DefaultMaxBytes)
	if err != nil {
		return nil, &documentError{path, err, "the value store must be a directory that this node shares with the launcher"}
	}
	if task.DocumentIdentifier(text) != identifier {
		return nil, &documentError{path, errHash, "somebody has changed the file, or the disk is full: submit the campaign again"}
	}
	wf := new(workflow.Workflow)
	if err := wf.UnmarshalJSON(text); err != nil {
		return nil, &documentError{path, err, ""}
	}
	return wf, nil
}

func readBounded(path string, most int64) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, errors.Unwrap(err) // whoever wraps it knows the path
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, most+1))
	if err == nil && int64(len(text)) > most {
		err = fmt.Errorf("larger than %d bytes", most)
	}
	return text, err
}
