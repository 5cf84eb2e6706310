package slurm

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"
)

// mungeTime bounds munge, which answers at once or not at all.
const mungeTime = 10 * time.Second

// Munge makes a credential and reads it again, as Slurm's commands do with each
// request. It returns what unmunge says of it, "Success (0)". An error of kind [ErrUnsupported] says that
// this Slurm has no munge, or this machine no munge command.
func (c *CLI) Munge(ctx context.Context) (string, error) {
	auth := c.authentication(ctx)
	if kind := cmp.Or(auth["authtype"], "auth/munge"); kind != "auth/munge" {
		return "", &Error{Kind: ErrUnsupported, Command: "munge", Cause: fmt.Errorf("this Slurm uses %s", kind)}
	}
	for _, name := range []string{"munge", "unmunge"} {
		if _, err := exec.LookPath(name); err != nil {
			return "", &Error{Kind: ErrUnsupported, Command: name, Cause: fmt.Errorf("%s is not in the PATH", name)}
		}
	}
	var socket []string
	for item := range strings.SplitSeq(auth["authinfo"], ",") {
		if path, ok := strings.CutPrefix(strings.TrimSpace(item), "socket="); ok {
			socket = []string{"--socket=" + path}
		}
	}
	credential, err := c.munge(ctx, "munge", "", append(socket, "--no-input"))
	if err != nil {
		return "", err
	}
	decoded, err := c.munge(ctx, "unmunge", credential, socket)
	if err != nil {
		return "", err
	}
	for line := range strings.Lines(decoded) {
		if status, ok := strings.CutPrefix(line, "STATUS:"); ok {
			return strings.TrimSpace(status), nil
		}
	}
	return "", &Error{Kind: ErrUnsupported, Command: "unmunge", Cause: fmt.Errorf("answer %.200q has no STATUS", decoded)}
}

func (c *CLI) munge(ctx context.Context, name, stdin string, args []string) (string, error) {
	out := run(ctx, invocation{name: name, args: args, stdin: stdin, timeout: mungeTime, env: append(c.opts.Env, readEnv...)})
	if out.err == nil && out.exit == 0 {
		return out.stdout, nil
	}
	return "", &Error{
		Kind: ErrTransient, Command: name, Words: out.words, Exit: out.exit, Cause: out.err,
		hint: "munged must run here, with the key of the cluster and the right time: systemctl status munge; munge -n | unmunge",
	}
}

// configFiles are where clients find slurm.conf: as packaged, as packaged by older
// Debian releases, and where the controller gives it out ("configless").
var configFiles = []string{"/etc/slurm/slurm.conf", "/etc/slurm-llnl/slurm.conf", "/run/slurm/conf/slurm.conf"}

// authentication reads AuthType and AuthInfo, with small letters. The file comes
// first: without a working munge the controller tells nothing.
func (c *CLI) authentication(ctx context.Context) map[string]string {
	files := configFiles
	for _, variable := range c.opts.Env {
		if path, ok := strings.CutPrefix(variable, "SLURM_CONF="); ok {
			files = []string{path}
		}
	}
	for _, file := range files {
		if text, err := readConfig(file); err == nil {
			return settingsOf(text)
		}
	}
	text, err := c.read(ctx, "scontrol", "show", "config")
	if err != nil {
		return nil
	}
	return settingsOf(text)
}

// maxConfig bounds slurm.conf, in bytes.
const maxConfig = 8 << 20

func readConfig(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxConfig))
	return string(text), err
}

func settingsOf(text string) map[string]string {
	settings := map[string]string{}
	for line := range strings.Lines(text) {
		line, _, _ = strings.Cut(line, "#")
		key, value, ok := strings.Cut(line, "=")
		key = strings.ToLower(strings.TrimSpace(key))
		value = strings.Trim(strings.TrimSpace(value), `"`)
		if ok && slices.Contains([]string{"authtype", "authinfo"}, key) && value != "(null)" {
			settings[key] = value
		}
	}
	return settings
}
