package pyhost

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os/exec"
)

// Installed is what an interpreter has that results may depend on.
type Installed struct {
	Python string `json:"python"` // "3.11.2"
	// Packages are the versions of those whose names begin with ewoks.
	Packages map[string]string `json:"packages"`
}

const installed = `
import json, sys
from importlib.metadata import distributions
found = {}
for d in distributions():
    name = d.metadata["Name"] or ""
    if name.lower().startswith("ewoks"):
        found.setdefault(name, d.version)
sys.stdout.write(json.dumps({"python": "%d.%d.%d" % tuple(sys.version_info[:3]), "packages": found}) + "\n")
`

// FindInstalled asks an interpreter what it has. Python, Env, Dir and StartTimeout of
// the options count.
func FindInstalled(ctx context.Context, o Options) (found Installed, err error) {
	o = o.withDefaults()
	ctx, cancel := context.WithTimeout(ctx, o.StartTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, o.Python[0], append(o.Python[1:len(o.Python):len(o.Python)], "-c", installed)...)
	cmd.Env, cmd.Dir = o.Env, o.Dir
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &limited{w: &stdout, left: maxDescription}, &limited{w: &stderr, left: maxDescription}
	if err := cmd.Run(); err != nil {
		return found, &StartError{o.Python, fmt.Errorf("%w: %s", err, lastLine(stderr.String()))}
	}
	if err := json.Unmarshal([]byte(lastLine(stdout.String())), &found); err != nil || found.Python == "" {
		return found, &StartError{o.Python, fmt.Errorf("answer %.200q is not that of a Python", stdout.String())}
	}
	return found, nil
}
