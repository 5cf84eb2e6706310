package pyhost

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os/exec"
	"strings"
)

// Oldest is the oldest Python that runs tasks.
const Oldest = "3.8"

// Description is what an interpreter tells of itself.
type Description struct {
	Executable string `json:"executable"`
	Version    string `json:"version"` // "3.11.2"
	// TooOld is set for a Python before Oldest.
	TooOld bool `json:"too_old"`
	// Ewokscore is its version; when it cannot be imported that is empty and
	// Trouble says why.
	Ewokscore string `json:"ewokscore"`
	Trouble   string `json:"trouble"`
}

// describe runs in any Python, also one that is far too old.
const describe = `
import json, sys
sys.path.insert(0, "")
found = {
    "executable": sys.executable, "version": "%d.%d.%d" % tuple(sys.version_info[:3]),
    "too_old": tuple(sys.version_info[:2]) < (3, 8), "ewokscore": "", "trouble": "",
}
try:
    import ewokscore.task
    found["ewokscore"] = "of unknown version"
    from importlib.metadata import version
    found["ewokscore"] = version("ewokscore")
except Exception as error:
    found["trouble"] = "%s: %s" % (type(error).__name__, error)
sys.stdout.write("\n" + json.dumps(found) + "\n")
`

// maxDescription bounds what is read of an interpreter, in bytes: what is
// imported may print.
const maxDescription = 1 << 20

// Describe asks an interpreter for its version and that of ewokscore. Python, Env,
// Dir and StartTimeout of the options count.
func Describe(ctx context.Context, o Options) (d Description, err error) {
	o = o.withDefaults()
	ctx, cancel := context.WithTimeout(ctx, o.StartTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, o.Python[0], append(o.Python[1:len(o.Python):len(o.Python)], "-c", describe)...)
	cmd.Env, cmd.Dir = o.Env, o.Dir
	var stderr bytes.Buffer
	cmd.Stderr = &limited{w: &stderr, left: maxDescription}
	var stdout bytes.Buffer
	cmd.Stdout = &limited{w: &stdout, left: maxDescription}
	if err := cmd.Run(); err != nil {
		if ctx.Err() != nil {
			err = fmt.Errorf("no answer within %s", o.StartTimeout)
		}
		return d, &StartError{o.Python, fmt.Errorf("%w: %s", err, lastLine(stderr.String()))}
	}
	if json.Unmarshal([]byte(lastLine(stdout.String())), &d) != nil || d.Version == "" {
		return d, &StartError{o.Python, fmt.Errorf("answer %.200q is not that of a Python", stdout.String())}
	}
	return d, nil
}

func lastLine(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return lines[len(lines)-1]
}

// limited passes on the beginning of what is written to it.
type limited struct {
	w    io.Writer
	left int
}

func (l *limited) Write(p []byte) (int, error) {
	n := min(len(p), l.left)
	l.left -= n
	if _, err := l.w.Write(p[:n]); err != nil {
		return 0, err
	}
	return len(p), nil
}
