package broker

import (
	"os"
	"strings"
	"testing"
)

func TestPlanServer(t *testing.T) {
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	o := ServerOptions{Name: "plan", Dir: dir, Bind: []string{"127.0.0.1"}}
	p, err := PlanServer(o)
	if err != nil || p.Port != 0 || strings.Join(p.Advertise, ",") != "127.0.0.1" {
		t.Errorf("before the first start: %+v %v", p, err)
	}
	s, err := Start(o)
	if err != nil {
		t.Fatal(err)
	}
	port := s.Port()
	if p, err := PlanServer(o); err == nil || !strings.Contains(err.Error(), "is taken") {
		t.Errorf("while it runs: %+v %v", p, err)
	}
	s.Close()
	if p, err := PlanServer(o); err != nil || p.Port != port {
		t.Errorf("afterwards: %+v %v, want port %d", p, err, port)
	}
	o.Bind = []string{"192.0.2.254"} // of TEST-NET-1: no machine has it
	if p, err := PlanServer(o); err == nil {
		t.Errorf("an address of another machine: %+v", p)
	}
}

func TestLoopback(t *testing.T) {
	for host, want := range map[string]bool{"127.0.0.1": true, "::1": true, "localhost": true, "192.0.2.1": false, "name.invalid": false} {
		if got := Loopback(t.Context(), host); got != want {
			t.Errorf("Loopback(%q) = %v", host, got)
		}
	}
}
