package slurm

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
)

func TestSupported(t *testing.T) {
	for version, want := range map[string]bool{
		"22.05.8": true, "20.11.9": true, "24.11.5-1": true, "26.05": true, "20.02.7": false, "19.05.5": false, "unknown": false, "": false,
	} {
		if got := Supported(version); got != want {
			t.Errorf("Supported(%q) = %v", version, got)
		}
	}
}

func TestParsePartition(t *testing.T) {
	const line = "PartitionName=short AllowGroups=ALL AllowAccounts=a,b AllowQos=ALL Default=YES DefaultTime=NONE MaxNodes=4 MaxTime=1-02:30:00 Nodes=n[1-3] State=UP TotalNodes=3 JobDefaults=(null)\n"
	got, err := parsePartition(line)
	want := Partition{Name: "short", Default: true, State: "UP", MaxTime: 26*time.Hour + 30*time.Minute, MaxNodes: 4, TotalNodes: 3, Accounts: []string{"a", "b"}}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v %v, want %+v", got, err, want)
	}
	unlimited, err := parsePartition(strings.NewReplacer("=4 ", "=UNLIMITED ", "1-02:30:00", "UNLIMITED").Replace(line))
	if err != nil || unlimited.MaxTime != 0 || unlimited.MaxNodes != 0 {
		t.Errorf("unlimited: %+v %v", unlimited, err)
	}
	for _, bad := range []string{"", "No partitions in the system", strings.Replace(line, "1-02:30:00", "soon", 1), strings.Replace(line, "1-02:30:00", "", 1)} {
		if p, err := parsePartition(bad); err == nil {
			t.Errorf("%q is taken for %+v", bad, p)
		}
	}
}

func TestUsable(t *testing.T) {
	for state, want := range map[string]bool{
		"idle": true, "mixed": true, "allocated": true, "idle~": true, "powering_up": true,
		"down": false, "down*": false, "idle*": false, "drained": false, "draining": false, "maint": false, "unknown": false,
	} {
		if got := (NodeKind{State: state}).Usable(); got != want {
			t.Errorf("nodes that are %s: usable %v", state, got)
		}
	}
}

func TestAuthentication(t *testing.T) {
	conf := filepath.Join(t.TempDir(), "slurm.conf")
	text := "# AuthType=auth/none\nauthtype = auth/munge # really\nAuthInfo=\"socket=/x/munge.sock,ttl=60\"\nAuthAltTypes=auth/jwt\n"
	if err := os.WriteFile(conf, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	got := NewCLI(Options{Env: []string{"SLURM_CONF=" + conf}}).authentication(t.Context())
	want := map[string]string{"authtype": "auth/munge", "authinfo": "socket=/x/munge.sock,ttl=60"}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}
