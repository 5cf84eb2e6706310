package e2e

import (
	"bytes"
	"crypto/tls"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nkeys"

	"github.com/ewoks-hpc/ewoks-hpc/internal/ewokstest"
)

var seedPattern = regexp.MustCompile(`SU[A-Z2-7]{56}`)

// secrets looks for the keys of a cluster, and the token of its page, everywhere
// but in the files that keep them, also after its processes have crashed.
func secrets(s *site) {
	s.env = append(s.env, "SBATCH_ACCOUNT=leaked", "SLURM_JOB_NAME=leaked", "EWOKS_HPC_LEAK=leaked", "MINE=kept", "GOTRACEBACK=system")
	s.write("env.py", "import os\ndef environ():\n    return '\\n'.join('%s=%s' % v for v in os.environ.items())\n")
	s.write("env.yaml", "graph: {id: env}\nnodes: [{id: a, task_type: method, task_identifier: env.environ}]\n")
	up := s.ok("up", "--cluster", "secret", "--jobs", "1", "--detach", poll)
	page := regexp.MustCompile(`token=(\S+)`).FindStringSubmatch(up)
	if page == nil {
		s.Fatalf("no token in\n%s", up)
	}
	environment := s.ok("run", "env.yaml", "--cluster", "secret")
	if !strings.Contains(environment, "MINE=kept") || strings.Contains(environment, "leaked") {
		s.Errorf("environment of tasks: %s", environment)
	}
	known := [][]byte{[]byte(page[1])}
	keys, err := filepath.Glob(s.state("secret", "keys", "*.json"))
	if err != nil || len(keys) != 1 {
		s.Fatalf("keys of one job: %v, %v", keys, err)
	}
	for _, path := range append(keys, s.state("secret", "access-client.json"), s.state("secret", "broker.json")) {
		text, err := os.ReadFile(path)
		seeds := seedPattern.FindAll(text, -1)
		if err != nil || len(seeds) == 0 {
			s.Fatalf("no key in %s: %v", path, err)
		}
		known = append(known, seeds...)
	}
	look := func(where string, text []byte) {
		for _, secret := range known {
			if bytes.Contains(text, secret) {
				s.Errorf("a secret is in %s", where)
			}
		}
		if seedPattern.Match(text) { // of whomever
			s.Errorf("a key is in %s", where)
		}
	}
	look("the environment of tasks", []byte(environment))
	s.searchProcesses(look)
	s.searchSlurm(look)
	s.searchFiles(look)
	refused(s.T, s.status("secret").Address)
	s.crash(keys[0], look)
	s.down("secret")
	if left, err := filepath.Glob(s.state("secret", "keys", "*")); err != nil || len(left) > 0 {
		s.Errorf("keys of jobs are left: %v, %v", left, err)
	}
}

// crash makes the worker and then the launcher write all that the runtime knows of
// them and die. The key of the worker's job is good for nothing from then on.
func (s *site) crash(key string, look func(string, []byte)) {
	s.Helper()
	stolen := filepath.Join(s.dir, "home", "stolen.json")
	text, err := os.ReadFile(key)
	if err == nil {
		err = os.WriteFile(stolen, text, 0o600)
	}
	if err != nil {
		s.Fatal(err)
	}
	s.quit(s.status("secret").Workers[0].Pid)
	s.until("the key of the job is revoked", func() bool { _, err := os.Stat(key); return errors.Is(err, fs.ErrNotExist) })
	launch, index, _ := strings.Cut(strings.TrimSuffix(filepath.Base(key), ".json"), "-")
	e := s.try("worker", "--access", stolen, "--launch", launch, "--index", index, "--death-timeout", "1s")
	if e.code == 0 || !strings.Contains(e.err, "Authorization Violation") {
		s.Errorf("a worker with the key of a job that has ended: exit code %d\n%s", e.code, e.err)
	}
	look("what a worker says", []byte(e.err))
	if err := os.Remove(stolen); err != nil {
		s.Error(err)
	}
	launcher, err := os.ReadFile(s.state("secret", "launcher.pid"))
	if err != nil {
		s.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(launcher)))
	if err != nil {
		s.Fatal(err)
	}
	s.quit(pid)
	s.until("the launcher has ended", func() bool { return strings.Contains(s.try("status", "--cluster", "secret").err, "has ended") })
	s.searchFiles(look)
	logs, err := filepath.Glob(s.state("secret", "jobs", "*.log"))
	if err != nil {
		s.Fatal(err)
	}
	dumps := 0
	for _, log := range append(logs, s.state("secret", "launcher.log")) {
		text, err := os.ReadFile(log)
		if err == nil && bytes.Contains(text, []byte("SIGQUIT: quit")) && bytes.Contains(text, []byte("goroutine 1 ")) {
			dumps++
		}
	}
	if dumps != 2 {
		s.Errorf("%d of 2 crashes are in the logs %v", dumps, logs)
	}
}

func (s *site) quit(pid int) {
	s.Helper()
	if err := syscall.Kill(pid, syscall.SIGQUIT); err != nil {
		s.Fatal(err)
	}
}

func (s *site) searchProcesses(look func(string, []byte)) {
	s.Helper()
	list := ewokstest.Processes(s.dir)
	if len(list) < 3 { // launcher, worker, interpreter
		s.Errorf("only %d processes: %v", len(list), list)
	}
	for _, p := range list {
		look("the arguments of "+p.String(), p.Args)
		look("the environment of "+p.String(), p.Environ)
	}
}

func (s *site) searchSlurm(look func(string, []byte)) {
	s.Helper()
	job := s.status("secret").Jobs[0].ID
	for _, args := range [][]string{{"write", "batch_script", job, "-"}, {"show", "job", "-d", job}} {
		out, err := s.slurm.Command("scontrol", args...).CombinedOutput()
		if err != nil || len(out) == 0 {
			s.Errorf("scontrol %v: %v\n%s", args, err, out)
		}
		look("what scontrol shows", out)
	}
	// What slurmctld keeps of the job, its environment included.
	err := filepath.WalkDir(filepath.Join(s.slurm.Dir, "state"), func(path string, _ fs.DirEntry, err error) error {
		if text, readErr := os.ReadFile(path); err == nil && readErr == nil {
			look(path, text)
		}
		return nil
	})
	if err != nil {
		s.Error(err)
	}
}

// searchFiles also checks that everything in the state directory is private.
func (s *site) searchFiles(look func(string, []byte)) {
	s.Helper()
	files := 0
	err := filepath.WalkDir(s.state(), func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		// Slurm makes the logs of jobs with the umask of the user; their folder is closed.
		bySlurm := filepath.Base(filepath.Dir(path)) == "jobs" && strings.HasSuffix(path, ".log")
		if info.Mode().Perm()&0o077 != 0 && !bySlurm {
			s.Errorf("%s has mode %s", path, info.Mode())
		}
		keeps := d.Name() == "access-client.json" || d.Name() == "broker.json" || filepath.Base(filepath.Dir(path)) == "keys"
		if keeps || !d.Type().IsRegular() {
			return nil
		}
		files++
		text, err := os.ReadFile(path)
		look(path, text)
		return err
	})
	if err != nil || files < 3 {
		s.Errorf("%d files: %v", files, err)
	}
}

// refused tries to connect without and with a made-up credential.
func refused(t *testing.T, address string) {
	t.Helper()
	stranger, err := nkeys.CreateUser()
	if err != nil {
		t.Fatal(err)
	}
	key, err := stranger.PublicKey()
	if err != nil {
		t.Fatal(err)
	}
	insecure := nats.Secure(&tls.Config{InsecureSkipVerify: true})
	for name, option := range map[string]nats.Option{
		"nobody":   nats.Name("nobody"),
		"stranger": nats.Nkey(key, stranger.Sign),
		"password": nats.UserInfo("client", "client"),
		"token":    nats.Token("token"),
	} {
		conn, err := nats.Connect(address, insecure, option, nats.NoReconnect(), nats.TLSHandshakeFirst())
		if err == nil {
			conn.Close()
			t.Errorf("%s was let in", name)
		} else if !strings.Contains(err.Error(), "Authorization") {
			t.Errorf("%s was kept out for another reason: %v", name, err)
		}
	}
	if conn, err := nats.Connect(strings.Replace(address, "tls:", "nats:", 1), nats.NoReconnect(), nats.Timeout(time.Second)); err == nil {
		conn.Close()
		t.Error("a connection without TLS was let in")
	}
	// Without checking the certificate nothing would be proved about strangers, but
	// nobody should trust it by default either.
	if conn, err := nats.Connect(address, nats.TLSHandshakeFirst(), nats.NoReconnect()); err == nil {
		conn.Close()
		t.Error("the certificate of a cluster is trusted by everybody")
	}
}
