package broker

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestReadAccessRefuses(t *testing.T) {
	s := startServer(t, ServerOptions{})
	good := readAccess(t, s, RoleClient)
	encode := func(change func(*Access)) []byte {
		a := good
		change(&a)
		data, err := json.Marshal(a)
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	same := encode(func(*Access) {})
	for name, c := range map[string]struct {
		data []byte
		mode os.FileMode
		want string
		hint string
	}{
		"group may read":  {same, 0o640, "0640", "chmod 600"},
		"others may read": {same, 0o604, "0604", "chmod 600"},
		"others write":    {same, 0o602, "0602", "chmod 600"},
		"too large":       {append(same, make([]byte, maxFile)...), 0o600, "larger", ""},
		"not JSON":        {[]byte("x"), 0o600, "invalid", ""},
		"version":         {encode(func(a *Access) { a.Version = 3 }), 0o600, "version 3", "restart"},
		"role":            {encode(func(a *Access) { a.Role = "launcher" }), 0o600, "launcher", "restart"},
		"job":             {encode(func(a *Access) { a.Role, a.Job = RoleWorker, "a.>" }), 0o600, "a.>", ""},
		"no url":          {encode(func(a *Access) { a.URLs = nil }), 0o600, "0 urls", ""},
		"plain url":       {encode(func(a *Access) { a.URLs = []string{"nats://h:1"} }), 0o600, "nats://h:1", ""},
		"user in url":     {encode(func(a *Access) { a.URLs = []string{"tls://u:p@h:1"} }), 0o600, "url", ""},
		"no port":         {encode(func(a *Access) { a.URLs = []string{"tls://h"} }), 0o600, "tls://h", ""},
		"no authority":    {encode(func(a *Access) { a.CAPEM = "x" }), 0o600, "ca_pem", ""},
		"no key":          {encode(func(a *Access) { a.NKeySeed = Secret("x") }), 0o600, "key", ""},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "access.json")
			if err := os.WriteFile(path, c.data, 0o600); err != nil {
				t.Fatal(err)
			}
			if err := os.Chmod(path, c.mode); err != nil {
				t.Fatal(err)
			}
			_, err := ReadAccess(path)
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(hint(err), c.hint) {
				t.Errorf("%v (hint %q), want %q (hint %q)", err, hint(err), c.want, c.hint)
			}
		})
	}
}

func TestReadAccessNotAFile(t *testing.T) {
	dir := t.TempDir()
	if _, err := ReadAccess(filepath.Join(dir, "none")); err == nil || hint(err) == "" {
		t.Errorf("missing: %v", err)
	}
	if _, err := ReadAccess(dir); err == nil {
		t.Error("read a folder")
	}
	pipe := filepath.Join(dir, "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadAccess(pipe); err == nil || !strings.Contains(err.Error(), "regular") {
		t.Errorf("pipe: %v", err)
	}
}

func TestReadAccessOfAnotherUser(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can give a file away")
	}
	s := startServer(t, ServerOptions{})
	path := ClientAccess(s.options.Dir)
	if err := os.Chown(path, 12345, -1); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadAccess(path); err == nil || !strings.Contains(err.Error(), "12345") {
		t.Errorf("got %v", err)
	}
}

// Who can change the folder can put a file of theirs in place of ours.
func TestReadAccessInAFolderOfOthers(t *testing.T) {
	s := startServer(t, ServerOptions{})
	path, dir := ClientAccess(s.options.Dir), s.options.Dir
	for mode, refused := range map[os.FileMode]bool{
		0o700: false, 0o750: false, 0o755: false, 0o770: true, 0o702: true, 0o777: true, os.ModeSticky | 0o777: true,
	} {
		if err := os.Chmod(dir, mode); err != nil {
			t.Fatal(err)
		}
		_, err := ReadAccess(path)
		if (err != nil) != refused {
			t.Errorf("mode %v: %v", mode, err)
		}
		if refused && (!strings.Contains(err.Error(), "others can write") || hint(err) != "type: chmod go-w "+dir) {
			t.Errorf("mode %v: %v (hint %q)", mode, err, hint(err))
		}
	}
	if os.Geteuid() == 0 {
		if err := errors.Join(os.Chmod(dir, 0o700), os.Chown(dir, 12345, -1)); err != nil {
			t.Fatal(err)
		}
		if _, err := ReadAccess(path); err == nil || !strings.Contains(err.Error(), "12345") || hint(err) == "" {
			t.Errorf("folder of another: %v", err)
		}
	}
}

func TestCertificateIsRenewed(t *testing.T) {
	now := time.Now()
	certPEM, keyPEM, err := newAuthority("c", now)
	if err != nil {
		t.Fatal(err)
	}
	a, err := loadAuthority(certPEM, keyPEM)
	if err != nil {
		t.Fatal(err)
	}
	c := &certifier{authority: a, hosts: []string{"node1", "10.0.0.1", "::1"}, now: func() time.Time { return now }}
	first, err := c.certificate(nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, host := range c.hosts {
		if err := first.Leaf.VerifyHostname(host); err != nil {
			t.Error(err)
		}
	}
	if first.Leaf.VerifyHostname("node2") == nil {
		t.Error("certificate for a host that was not asked for")
	}
	now = now.Add(certificateLife / 2)
	if again, _ := c.certificate(nil); again != first {
		t.Error("renewed too early")
	}
	now = now.Add(certificateLife / 3)
	if again, _ := c.certificate(nil); again == first || again.Leaf.NotAfter.Before(now.Add(certificateLife-time.Second)) {
		t.Error("not renewed")
	}
	if err := first.Leaf.CheckSignatureFrom(a.cert); err != nil {
		t.Error(err)
	}
}

func TestInterfaceAddr(t *testing.T) {
	if addr, err := InterfaceAddr("lo"); err != nil || addr != "127.0.0.1" {
		t.Errorf("lo: %q, %v", addr, err)
	}
	if _, err := InterfaceAddr("ib77"); err == nil || !strings.Contains(err.Error(), "ib77") || !strings.Contains(hint(err), "lo") {
		t.Errorf("ib77: %v (%s)", err, hint(err))
	}
}

func TestTokens(t *testing.T) {
	for name, ok := range map[string]bool{
		"w1": true, "A_b-9": true, strings.Repeat("x", 128): true,
		"": false, "a.b": false, "*": false, ">": false, "a b": false, "é": false, strings.Repeat("x", 129): false,
	} {
		if err := CheckToken(name); (err == nil) != ok {
			t.Errorf("%q: %v", name, err)
		}
	}
	if w, verb, ok := ParseWork("work.L-0.p.turn"); !ok || w != workerName || verb != Turn || WorkerJob(w) != job {
		t.Error(w, verb, ok)
	}
	for _, subject := range []string{"work.j", "work.j.turn", "work..p.turn", "work.j..turn", "work.j.p.", "work.j.p.turn.x", "client.submit", ""} {
		if _, _, ok := ParseWork(subject); ok {
			t.Errorf("%q is no work subject", subject)
		}
	}
}
