package slurm

import (
	"context"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Partition is a queue as Slurm describes it.
type Partition struct {
	Name    string
	Default bool
	State   string // UP, DOWN, DRAIN or INACTIVE
	// MaxTime is 0 where there is no limit, DefaultTime where Slurm has none.
	MaxTime, DefaultTime time.Duration
	MaxNodes             int // per job; 0 is no limit
	TotalNodes           int
	// Accounts and QOS are those that may use it; nil is all.
	Accounts, QOS []string
}

// Partitions lists all partitions, hidden ones too.
func (c *CLI) Partitions(ctx context.Context) (list []Partition, err error) {
	out, err := c.read(ctx, "scontrol", "--all", "--oneliner", "show", "partition")
	if err != nil {
		return nil, err
	}
	for line := range strings.Lines(out) {
		if strings.TrimSpace(line) == "" {
			continue
		}
		p, err := parsePartition(line)
		if err != nil {
			return nil, &Error{Kind: ErrUnsupported, Command: "scontrol", Cause: err}
		}
		list = append(list, p)
	}
	return list, nil
}

// field is one Key=Value of a line of scontrol; no value of a partition that is
// read here has blanks.
var field = regexp.MustCompile(`(?:^|\s)([A-Za-z]+)=(\S*)`)

func parsePartition(line string) (p Partition, err error) {
	fields := map[string]string{}
	for _, match := range field.FindAllStringSubmatch(line, -1) {
		fields[match[1]] = match[2]
	}
	p = Partition{
		Name: fields["PartitionName"], Default: fields["Default"] == "YES", State: fields["State"],
		Accounts: allowed(fields["AllowAccounts"]), QOS: allowed(fields["AllowQos"]),
	}
	if p.Name == "" {
		return p, fmt.Errorf("partition %.200q is not understood", line)
	}
	p.MaxNodes, _ = strconv.Atoi(fields["MaxNodes"]) // UNLIMITED is 0
	p.TotalNodes, _ = strconv.Atoi(fields["TotalNodes"])
	for key, to := range map[string]*time.Duration{"MaxTime": &p.MaxTime, "DefaultTime": &p.DefaultTime} {
		if *to, err = parseLimit(fields[key]); err != nil {
			return p, fmt.Errorf("%s of partition %s: %w", key, p.Name, err)
		}
	}
	return p, nil
}

func allowed(list string) []string {
	if list == "" || list == "ALL" {
		return nil
	}
	return strings.Split(list, ",")
}

var limit = regexp.MustCompile(`^(?:([0-9]{1,5})-)?([0-9]{1,3}):([0-9]{2}):([0-9]{2})$`)

// parseLimit reads days-hours:minutes:seconds; 0 is no limit.
func parseLimit(text string) (time.Duration, error) {
	if text == "UNLIMITED" || text == "NONE" || text == "INFINITE" {
		return 0, nil
	}
	match := limit.FindStringSubmatch(text)
	if match == nil {
		return 0, fmt.Errorf("%.80q is not a time", text)
	}
	var total time.Duration
	for i, unit := range []time.Duration{24 * time.Hour, time.Hour, time.Minute, time.Second} {
		n, _ := strconv.Atoi(match[i+1]) // no days are 0
		total += time.Duration(n) * unit
	}
	return total, nil
}

// NodeKind is a group of nodes of a partition that are alike.
type NodeKind struct {
	Count, CPUs int
	MemoryMiB   int
	Gres        string // gpu:a100:4; empty for none
	State       string // idle, mixed, drained*...
}

// Usable says whether jobs start on such nodes, now or when others end.
func (k NodeKind) Usable() bool {
	switch strings.TrimRight(k.State, "*~#!%$@^-+") {
	case "idle", "mixed", "allocated", "completing", "planned", "reserved", "powering_up", "powered_down", "powering_down", "blocked":
		return !strings.HasSuffix(k.State, "*") // which means: does not respond
	}
	return false
}

// NodeKinds lists what nodes a partition has.
func (c *CLI) NodeKinds(ctx context.Context, partition string) (kinds []NodeKind, err error) {
	out, err := c.read(ctx, "sinfo", "--noheader", "--exact", "--partition="+partition, "--format=%D|%c|%m|%G|%T")
	if err != nil {
		return nil, err
	}
	for line := range strings.Lines(out) {
		cells := strings.Split(strings.TrimSpace(line), "|")
		if len(cells) != 5 {
			return nil, &Error{Kind: ErrUnsupported, Command: "sinfo", Cause: fmt.Errorf("line %.200q is not understood", line)}
		}
		k := NodeKind{Gres: cells[3], State: cells[4]}
		for i, to := range []*int{&k.Count, &k.CPUs, &k.MemoryMiB} {
			if *to, err = strconv.Atoi(strings.TrimRight(cells[i], "+")); err != nil {
				return nil, &Error{Kind: ErrUnsupported, Command: "sinfo", Cause: fmt.Errorf("line %.200q is not understood", line)}
			}
		}
		if k.Gres == "(null)" {
			k.Gres = ""
		}
		kinds = append(kinds, k)
	}
	return kinds, nil
}
