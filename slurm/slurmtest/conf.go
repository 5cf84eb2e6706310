package slurmtest

import (
	"crypto/rand"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"strings"
)

// writeFiles lays out the directory: configuration, munge key, places for state.
func (c *Cluster) writeFiles() error {
	for _, dir := range []string{"state", "spool", "log", "munge"} {
		if err := os.Mkdir(filepath.Join(c.Dir, dir), 0o755); err != nil {
			return err
		}
	}
	conf, err := c.slurmConf()
	if err != nil {
		return err
	}
	key := make([]byte, 128)
	rand.Read(key)
	files := []struct {
		name, text string
		mode       os.FileMode
	}{
		{"slurm.conf", conf, 0o644},
		{"gres.conf", fmt.Sprintf("NodeName=%s Name=gpu File=/dev/null\n", c.nodeRange()), 0o644},
		{"cgroup.conf", "CgroupAutomount=no\n", 0o644},
		{"jobcomp.log", "", 0o644},
		{"munge/key", string(key), 0o600},
	}
	for _, f := range files {
		if err := os.WriteFile(filepath.Join(c.Dir, f.name), []byte(f.text), f.mode); err != nil {
			return err
		}
	}
	return nil
}

func (c *Cluster) nodeRange() string { return fmt.Sprintf("n[1-%d]", len(c.Nodes)) }

// slurmConf follows the whole slurm.conf of the reference on Slurm: nodes that claim
// CPUs the machine lacks, no cgroups, and timers short enough for tests.
func (c *Cluster) slurmConf() (string, error) {
	host, err := os.Hostname()
	if err != nil {
		return "", err
	}
	host, _, _ = strings.Cut(host, ".")
	me, err := user.Current()
	if err != nil {
		return "", err
	}
	lines := []string{
		"ClusterName=private",
		fmt.Sprintf("SlurmctldHost=%s(%s)", host, loopback),
		fmt.Sprintf("SlurmctldPort=%d", c.ports.controller()),
		"CommunicationParameters=NoCtldInAddrAny,NoInAddrAny",
		"SlurmUser=" + me.Username,
		"SlurmdUser=" + me.Username,
		"AuthType=auth/munge",
		"CredType=cred/munge",
		"AuthInfo=socket=" + c.mungeSocket(),
		"StateSaveLocation=" + filepath.Join(c.Dir, "state"),
		"SlurmdSpoolDir=" + filepath.Join(c.Dir, "spool", "%n"),
		"SlurmctldPidFile=" + filepath.Join(c.Dir, "slurmctld.pid"),
		"SlurmdPidFile=" + filepath.Join(c.Dir, "%n.pid"),
		"SlurmctldLogFile=" + filepath.Join(c.Dir, "log", "slurmctld"),
		"SlurmdLogFile=" + filepath.Join(c.Dir, "log", "%n"),
		"JobCompType=jobcomp/filetxt",
		"JobCompLoc=" + filepath.Join(c.Dir, "jobcomp.log"),
		"AccountingStorageType=accounting_storage/none",
		"ProctrackType=proctrack/linuxproc",
		"TaskPlugin=task/none",
		"JobAcctGatherType=jobacct_gather/none",
		"SwitchType=switch/none",
		"MpiDefault=none",
		"SelectType=select/cons_tres",
		"SelectTypeParameters=CR_CPU_Memory",
		"DefMemPerCPU=100",
		"SlurmdParameters=config_overrides",
		"SchedulerParameters=sched_interval=1,bf_interval=1,sched_min_interval=100000",
		"ReturnToService=2",
		"InactiveLimit=0",
		"KillWait=3",
		"MinJobAge=30",
		"MessageTimeout=4",
		"SlurmdTimeout=8",
		"SlurmctldTimeout=8",
		"GresTypes=gpu",
	}
	lines = override(lines, c.opts.Conf)
	for i, name := range c.Nodes {
		lines = append(lines, fmt.Sprintf("NodeName=%s NodeHostname=%s NodeAddr=%s Port=%d CPUs=%d RealMemory=4000 Gres=gpu:1",
			name, host, loopback, c.ports.node(i), c.opts.CPUs))
	}
	for _, partition := range []string{"debug Default=YES", "gpu"} {
		lines = append(lines, fmt.Sprintf("PartitionName=%s Nodes=%s MaxTime=INFINITE DefaultTime=10", partition, c.nodeRange()))
	}
	lines = append(lines, c.opts.Partitions...)
	return strings.Join(lines, "\n") + "\n", nil
}

// override replaces the lines whose key is set again: Slurm complains about a key
// that is there twice.
func override(lines, extra []string) []string {
	key := func(line string) string {
		name, _, _ := strings.Cut(line, "=")
		return strings.ToLower(strings.TrimSpace(name))
	}
	set := map[string]bool{}
	for _, line := range extra {
		set[key(line)] = true
	}
	var kept []string
	for _, line := range lines {
		if !set[key(line)] {
			kept = append(kept, line)
		}
	}
	return append(kept, extra...)
}
