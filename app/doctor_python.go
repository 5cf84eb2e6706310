package app

import (
	"context"
	"errors"
	"os"

	"github.com/ewoks-hpc/ewoks-hpc/pyhost"
)

// seenPython is what was found out about an interpreter.
type seenPython struct {
	pyhost.Description
	Error string `json:"error,omitempty"`
	Hint  string `json:"hint,omitempty"`
}

// seePython looks for the interpreter that tasks would have, and asks it.
func seePython(ctx context.Context, command string, env []string, dir string) (seen seenPython) {
	python, err := pyhost.Find(command, env)
	if err == nil {
		seen.Description, err = pyhost.Describe(ctx, pyhost.Options{Python: python, Env: env, Dir: dir})
	}
	if err != nil {
		seen.Error = err.Error()
		var hinted interface{ Hint() string }
		if errors.As(err, &hinted) {
			seen.Hint = hinted.Hint()
		}
	}
	return seen
}

// python looks at the interpreter of this machine. With Slurm the one on the nodes
// counts, which is usually but not always the same.
func (d *doctor) python(ctx context.Context) {
	seen := map[string]seenPython{} // by command
	look := func(one *doctor, ctx context.Context) (python, ewokscore Finding) {
		command := one.o.Pool.Python
		if _, known := seen[command]; !known {
			seen[command] = one.seePython(ctx)
		}
		return seen[command].findings()
	}
	d.eachPool(ctx, checkPython, nil, func(one *doctor, ctx context.Context) Finding {
		python, _ := look(one, ctx)
		if !d.o.Local && python.Mark == MarkFailed {
			python.Mark = MarkWarning
			python.Found += " on this machine"
			python.Hint = "the nodes count: see whether they have it with --probe"
		}
		return python
	})
	d.eachPool(ctx, checkEwokscore, nil, func(one *doctor, ctx context.Context) Finding {
		_, ewokscore := look(one, ctx)
		return ewokscore
	})
}

// seePython asks the interpreter of the first pool.
func (d *doctor) seePython(ctx context.Context) seenPython {
	dir := d.o.Dir
	if _, err := os.Stat(dir); err != nil {
		dir = "" // it need not be here
	}
	environment := d.o.Env
	if environment == nil {
		environment = os.Environ()
	}
	return seePython(ctx, d.o.Pool.Python, environment, dir)
}

// findings about the interpreter and about ewokscore.
func (s seenPython) findings() (python, ewokscore Finding) {
	ewokscore = skipped("not checked: see %s first", checkPython)
	switch {
	case s.Error != "":
		return failed(s.Hint, "%s", s.Error), ewokscore
	case s.TooOld:
		return failed("activate an environment with Python "+pyhost.Oldest+" or newer, or name one with --python", "%s is Python %s", s.Executable, s.Version), ewokscore
	}
	python = found("%s, Python %s", s.Executable, s.Version)
	if s.Ewokscore == "" {
		return python, warning(s.Executable+" -m pip install ewokscore", "cannot be imported (%s): only tasks of the types method, script, ppfmethod and ppfport", s.Trouble)
	}
	return python, found("%s", s.Ewokscore)
}
