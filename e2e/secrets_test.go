package e2e

import (
	"bytes"
	"crypto/tls"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nkeys"

	"github.com/ewoks-hpc/ewoks-hpc/internal/ewokstest"
)

var seedPattern = regexp.MustCompile(`SU[A-Z2-7]{56}`)

// secrets looks for the keys of a cluster, and the token of its page, everywhere
// but in the files that keep them.
func secrets(s *site) {
	s.env = append(s.env, "SBATCH_ACCOUNT=leaked", "SLURM_JOB_NAME=leaked", "EWOKS_HPC_LEAK=leaked", "MINE=kept")
	s.write("env.py", "import os\ndef environ():\n    return '\\n'.join('%s=%s' % v for v in os.environ.items())\n")
	s.write("env.yaml", "graph: {id: env}\nnodes: [{id: a, task_type: method, task_identifier: env.environ}]\n")
	up := s.ok("up", "--cluster", "secret", "--jobs", "1", "--detach")
	page := regexp.MustCompile(`token=(\S+)`).FindStringSubmatch(up)
	if page == nil {
		s.Fatalf("no token in\n%s", up)
	}
	environment := s.ok("run", "env.yaml", "--cluster", "secret")
	if !strings.Contains(environment, "MINE=kept") || strings.Contains(environment, "leaked") {
		s.Errorf("environment of tasks: %s", environment)
	}
	known := [][]byte{[]byte(page[1])}
	for _, name := range []string{"access-worker.json", "access-client.json", "broker.json"} {
		text, err := os.ReadFile(s.state("secret", name))
		seeds := seedPattern.FindAll(text, -1)
		if err != nil || len(seeds) == 0 {
			s.Fatalf("no key in %s: %v", name, err)
		}
		known = append(known, seeds...)
	}
	look := func(where string, text []byte) {
		for _, secret := range known {
			if bytes.Contains(text, secret) {
				s.Errorf("a secret is in %s", where)
			}
		}
	}
	look("the environment of tasks", []byte(environment))
	s.searchProcesses(look)
	s.searchSlurm(look)
	s.searchFiles(look)
	refused(s.T, s.status("secret").Address)
	s.down("secret")
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
		if keeps := strings.HasPrefix(d.Name(), "access-") || d.Name() == "broker.json"; keeps || !d.Type().IsRegular() {
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
