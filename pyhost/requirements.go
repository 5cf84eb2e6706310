package pyhost

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os/exec"
	"strings"
)

const requiredInputs = `
import json, sys
sys.path.insert(0, "")
from ewokscore.task import Task
found = {}
for identifier in json.load(sys.stdin):
    try:
        found[identifier] = sorted(Task.get_subclass(identifier).required_input_names())
    except Exception:
        pass  # the task will say so when it is executed
print(json.dumps(found))
`

// RequiredInputs asks an interpreter for the names of the required inputs of
// task classes. Classes that cannot be imported are left out.
func RequiredInputs(ctx context.Context, o Options, identifiers []string) (map[string][]string, error) {
	o = o.withDefaults()
	ctx, cancel := context.WithTimeout(ctx, o.StartTimeout)
	defer cancel()
	list, err := json.Marshal(identifiers)
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, o.Python[0], append(o.Python[1:len(o.Python):len(o.Python)], "-c", requiredInputs)...)
	cmd.Env, cmd.Dir, cmd.Stdin = o.Env, o.Dir, bytes.NewReader(list)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		lines := strings.Split(strings.TrimSpace(stderr.String()), "\n")
		return nil, fmt.Errorf("required inputs of task classes: %s (%w)", lines[len(lines)-1], err)
	}
	lines := strings.Split(strings.TrimSpace(stdout.String()), "\n") // imports may print
	found := map[string][]string{}
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &found); err != nil {
		return nil, fmt.Errorf("required inputs of task classes: %w", err)
	}
	return found, nil
}
