package bridge

import (
	"encoding/json"
	"errors"
	"io/fs"

	"github.com/ewoks-hpc/ewoks-hpc/app"
	"github.com/ewoks-hpc/ewoks-hpc/engine"
	"github.com/ewoks-hpc/ewoks-hpc/task"
	"github.com/ewoks-hpc/ewoks-hpc/workflow"
)

// outcome tells how a run ended: {"run", "status", "node", "failure",
// "exception": value, "outputs": [[node id, name or null, value]...]}.
func (s *session) outcome(c call, wf *workflow.Workflow, o engine.Outcome) {
	var e task.Encoder
	head, err := json.Marshal(map[string]any{"status": o.Status, "node": o.Node, "failure": o.Failure})
	if err != nil {
		s.fail(c.ID, err)
		return
	}
	e.Raw(`{"id":`)
	e.JSON(c.ID)
	e.Raw(`,"outcome":`)
	e.Raw(string(head[:len(head)-1]))
	e.Raw(`,"run":`)
	e.JSON(o.Run)
	e.Raw(`,"exception":`)
	e.Value(&o.Exception)
	e.Raw(`,"outputs":[`)
	for i, out := range o.Outputs {
		if i > 0 {
			e.Raw(",")
		}
		e.Raw("[")
		e.JSON(wf.Nodes[out.Position].ID)
		e.Raw(",")
		if out.Name == "" {
			e.Raw("null")
		} else {
			e.JSON(out.Name)
		}
		e.Raw(",")
		e.Value(&out.Value)
		e.Raw("]")
	}
	e.Raw("]}}")
	s.write(e.Frame)
}

// OptionError refuses an option of the calling program; the text says it in the
// words of Python.
type OptionError struct {
	Text  string
	Cause error
}

func (e OptionError) Error() string { return e.Text }

func (e OptionError) Unwrap() error { return e.Cause }

// pythonType is the exception class that ewokscore raises for an error.
func pythonType(err error) string {
	var problems workflow.Problems
	var syntax *workflow.SyntaxError
	var invalid *app.InvalidError
	var option OptionError
	switch {
	case errors.As(err, &option):
		return "TypeError"
	case errors.As(err, &problems):
		return problemType(problems[0].Kind)
	case errors.Is(err, fs.ErrNotExist):
		return "FileNotFoundError"
	case errors.As(err, &syntax), errors.As(err, &invalid):
		return "ValueError"
	}
	return "RuntimeError"
}

// problemType follows section 3.6 of the ewoks specification.
func problemType(kind workflow.Kind) string {
	switch kind {
	case workflow.KindTarget:
		return "KeyError"
	case workflow.KindDirected, workflow.KindDocument:
		return "TypeError"
	case workflow.KindSchema:
		return "GraphSchemaError"
	}
	return "ValueError"
}
