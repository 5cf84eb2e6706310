package app

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/jobscript"
	"github.com/ewoks-hpc/ewoks-hpc/slurm"
)

// slurm checks what worker jobs need of Slurm, as seen from this machine.
func (d *doctor) slurm(ctx context.Context) {
	d.check(ctx, checkCommands, nil, d.commands)
	d.check(ctx, checkMunge, []string{checkCommands}, d.munge)
	d.check(ctx, checkController, []string{checkMunge}, d.controller)
	d.check(ctx, checkAccounting, []string{checkController}, d.accounting)
	d.eachPool(ctx, checkQueue, []string{checkController}, (*doctor).queue)
	d.eachPool(ctx, checkSubmission, []string{checkQueue}, (*doctor).submission)
}

func (d *doctor) commands(ctx context.Context) Finding {
	if missing := slurm.Missing(); len(missing) > 0 {
		return failed("run this on a login node, or install Slurm's client commands and put them in the PATH (Debian: apt install slurm-client); --local checks a cluster without Slurm",
			"not in the PATH: %s", strings.Join(missing, ", "))
	}
	version, err := d.cli.Version(ctx)
	if err != nil {
		return broken(err, "try: sbatch --version")
	}
	if !slurm.Supported(version) {
		return failed("use a machine with newer commands", "version %s, older than %s", version, slurm.OldestVersion)
	}
	return found("version %s", version)
}

func (d *doctor) munge(ctx context.Context) Finding {
	status, err := d.cli.Munge(ctx)
	switch {
	case errors.Is(err, slurm.ErrUnsupported):
		return skipped("not checked: %v", err)
	case err != nil:
		return broken(err, "")
	}
	return found("makes credentials and reads them: %s", status)
}

func (d *doctor) controller(ctx context.Context) Finding {
	lines, up, err := d.cli.Ping(ctx)
	if err != nil {
		return broken(err, "try: scontrol ping")
	}
	if up == 0 {
		return failed("wait, or tell the administrators; see: scontrol ping", "%s", strings.Join(lines, "; "))
	}
	if d.info, err = d.cli.Probe(ctx); err != nil {
		return broken(err, "try: scontrol show config")
	}
	text := fmt.Sprintf("cluster %s answers, version %s", d.info.ClusterName, d.info.Version)
	if up < len(lines) {
		return warning("see: scontrol ping", "%s; %s", text, strings.Join(lines, "; "))
	}
	return found("%s", text)
}

func (d *doctor) accounting(ctx context.Context) Finding {
	if !d.info.Accounting {
		after := "once squeue has forgotten a job, nobody knows how it ended"
		if d.info.Completions {
			after = "how a job ended stands in the log of completed jobs"
		}
		hint := ""
		if p := d.o.Pool; p.Account != "" || p.QOS != "" {
			hint = "check the names of account and QOS yourself: without a database Slurm takes any"
		}
		return warning(hint, "Slurm has no accounting database; %s", after)
	}
	if _, err := d.cli.History(ctx, []slurm.Job{{ID: "1", Name: "ewoks-hpc-doctor"}}); err != nil {
		f := broken(err, "try: sacct -X")
		f.Mark = MarkWarning
		return f
	}
	return found("sacct answers")
}

// queue holds what the script asks for against the limits of its partitions. Slurm
// may take a job that exceeds them and never start it.
func (d *doctor) queue(ctx context.Context) Finding {
	s, err := preview(d.o.ClusterOptions)
	if err != nil {
		return broken(err, "see: ewoks-hpc job-script")
	}
	all, err := d.cli.Partitions(ctx)
	if err != nil {
		return broken(err, "try: scontrol show partition")
	}
	wanted, named := jobscript.Asked(s.Script, "partition")
	var texts []string
	var first *Finding
	for name := range strings.SplitSeq(wanted, ",") { // Slurm takes the first that is free
		i := slices.IndexFunc(all, func(p slurm.Partition) bool { return p.Name == name || !named && p.Default })
		if i < 0 {
			return missingQueue(name, all)
		}
		f := d.partition(ctx, all[i], s.Script)
		if f.Mark != MarkOK && first == nil {
			first = &f
		}
		texts = append(texts, f.Found)
	}
	if first != nil {
		return *first
	}
	return found("%s", strings.Join(texts, "; "))
}

func missingQueue(name string, all []slurm.Partition) Finding {
	var names []string
	for _, p := range all {
		names = append(names, p.Name)
	}
	hint := "choose one with --queue: " + strings.Join(names, ", ")
	if name == "" {
		return failed(hint, "Slurm has no default queue")
	}
	return failed(hint, "there is no queue %q", name)
}

func (d *doctor) partition(ctx context.Context, p slurm.Partition, script string) Finding {
	account, _ := jobscript.Asked(script, "account")
	qos, _ := jobscript.Asked(script, "qos")
	nodes, _ := jobscript.Asked(script, "nodes")
	walltime := p.DefaultTime
	text, asked := jobscript.Asked(script, "time")
	if asked {
		walltime, _ = jobscript.ParseWalltime(text) // else sbatch will tell
	}
	count, _ := strconv.Atoi(nodes)
	switch {
	case p.State != "UP":
		return failed("choose another with --queue; list them with: sinfo -s", "%s is %s: its jobs do not start", p.Name, p.State)
	case p.MaxTime > 0 && walltime > p.MaxTime:
		return failed(fmt.Sprintf("give --walltime %s or less, or choose another queue; see: sinfo -o '%%P %%l'", jobscript.FormatWalltime(p.MaxTime)),
			"%s allows %s, the walltime is %s: its jobs would never start", p.Name, jobscript.FormatWalltime(p.MaxTime), jobscript.FormatWalltime(walltime))
	case p.MaxNodes > 0 && count > p.MaxNodes:
		return failed(fmt.Sprintf("give --nodes %d or less, or choose another queue", p.MaxNodes), "%s allows %d nodes per job, %d are asked for", p.Name, p.MaxNodes, count)
	case account != "" && p.Accounts != nil && !slices.Contains(p.Accounts, account):
		return failed("choose another with --account or --queue", "%s is for the accounts %s, not for %s", p.Name, strings.Join(p.Accounts, ", "), account)
	case qos != "" && p.QOS != nil && !slices.Contains(p.QOS, qos):
		return failed("choose another with --qos or --queue", "%s is for the QOS %s, not for %s", p.Name, strings.Join(p.QOS, ", "), qos)
	}
	return d.nodes(ctx, p, walltime)
}

// nodes tells whether a partition has any that start jobs.
func (d *doctor) nodes(ctx context.Context, p slurm.Partition, walltime time.Duration) Finding {
	kinds, err := d.cli.NodeKinds(ctx, p.Name)
	if err != nil {
		return broken(err, "try: sinfo -p "+p.Name)
	}
	usable := 0
	for _, k := range kinds {
		if k.Usable() {
			usable += k.Count
		}
	}
	text := fmt.Sprintf("%s is up, %d of %d nodes usable", p.Name, usable, p.TotalNodes)
	if walltime > 0 {
		text += ", walltime " + jobscript.FormatWalltime(walltime)
	}
	if p.MaxTime > 0 {
		text += " of at most " + jobscript.FormatWalltime(p.MaxTime)
	}
	if usable == 0 {
		return warning("jobs wait until one is back; see: sinfo -R", "%s", text)
	}
	return found("%s", text)
}

// submission asks Slurm about the very script that up would submit.
func (d *doctor) submission(ctx context.Context) Finding {
	s, err := preview(d.o.ClusterOptions)
	if err != nil {
		return broken(err, "see: ewoks-hpc job-script")
	}
	s.Array = min(s.Array, max(1, d.info.MaxArraySize)) // up makes several arrays
	words, err := d.cli.TestOnly(ctx, s)
	if err != nil {
		f := broken(err, "see the script with: ewoks-hpc job-script")
		if strings.Contains(f.Found, "Requested node configuration is not available") {
			f.Hint = "lower what is asked for: " + d.largest(ctx, s.Script)
		}
		return f
	}
	_, when, _ := strings.Cut(words, " to start at ")
	if when == "" {
		return found("Slurm takes the job: %s", words)
	}
	return found("Slurm takes the job, and could start it at %s", when)
}

// largest tells what the nodes of the queue have.
func (d *doctor) largest(ctx context.Context, script string) string {
	queue, ok := jobscript.Asked(script, "partition")
	advice := "sinfo -o '%P %D %c %m %G' shows what nodes have"
	if !ok {
		return advice
	}
	kinds, err := d.cli.NodeKinds(ctx, queue)
	if err != nil || len(kinds) == 0 {
		return advice
	}
	counts := map[string]int{} // whatever their state
	for _, k := range kinds {
		text := fmt.Sprintf("%d CPUs and %d MiB", k.CPUs, k.MemoryMiB)
		if k.Gres != "" {
			text += " and " + k.Gres
		}
		counts[text] += k.Count
	}
	var texts []string
	for _, text := range slices.Sorted(maps.Keys(counts)) {
		texts = append(texts, fmt.Sprintf("%d with %s", counts[text], text))
	}
	return fmt.Sprintf("nodes of %s: %s", queue, strings.Join(texts[:min(len(texts), 4)], "; "))
}
