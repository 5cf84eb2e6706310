package cluster

import (
	"errors"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/slurm"
)

// TestSituations: each answer to "why is nothing running?" has one line that says
// what is the case, and what to do.
func TestSituations(t *testing.T) {
	queued := func(reason string) func(*Cluster) {
		return func(c *Cluster) { c.have(describe(Launch{}, slurm.Job{State: slurm.Queued, Reason: reason})) }
	}
	for name, test := range map[string]struct {
		prepare func(*Cluster)
		want    []string // parts of the one line; none means nothing to say
	}{
		"all is well":       {func(c *Cluster) { c.have(Job{Phase: Running, Greeted: true}) }, nil},
		"no demand":         {func(c *Cluster) { c.pools[0].Size = Size{0, 3} }, []string{"no demand", "they come with the next run"}},
		"no jobs wanted":    {func(c *Cluster) { c.pools[0].Size = Fixed(0) }, []string{"no jobs are wanted", "ewoks-hpc scale --jobs N --cluster beam"}},
		"resources":         {queued("Resources"), []string{"1 job is queued: it waits for free nodes (Resources); wait, or ask for less"}},
		"priority":          {queued("Priority"), []string{"other jobs are ahead", "squeue --start"}},
		"not looked at":     {queued("None"), []string{"has not looked at it yet", "wait"}},
		"qos limit":         {queued("QOSMaxJobsPerUserLimit"), []string{"your QOS allows", "ask for fewer jobs"}},
		"account limit":     {queued("AssocMaxJobsLimit"), []string{"your account allows", "ask for fewer jobs"}},
		"group limit":       {queued("AssocGrpCpuLimit"), []string{"its account uses all", "another account"}},
		"budget":            {queued("AssocGrpCPUMinutesLimit"), []string{"budget", "another account"}},
		"partition down":    {queued("PartitionDown"), []string{"starts no jobs at present", "see sinfo"}},
		"partition drain":   {queued("PartitionInactive"), []string{"starts no jobs at present", "see sinfo"}},
		"node not avail":    {queued("ReqNodeNotAvail, UnavailableNodes:n2"), []string{"down, drained or reserved", "n2", "sinfo -R"}},
		"nodes are down":    {queued("Nodes required for job are DOWN, DRAINED or reserved"), []string{"sinfo -R"}},
		"dependency":        {queued("Dependency"), []string{"waits for another job", "job_extra_directives"}},
		"never satisfied":   {queued("DependencyNeverSatisfied"), []string{"never going to start", "cancel it"}},
		"begin time":        {queued("BeginTime"), []string{"may not start yet", "wait"}},
		"held by the user":  {queued("JobHeldUser"), []string{"never going to start", "scontrol release"}},
		"held by an admin":  {queued("JobHeldAdmin"), []string{"never going to start", "ask why"}},
		"licences":          {queued("Licenses"), []string{"waits for a licence", "scontrol show licenses"}},
		"reservation":       {queued("Reservation"), []string{"its reservation", "do without"}},
		"impossible":        {queued("BadConstraints"), []string{"never going to start", "lower what is asked for"}},
		"too long":          {queued("PartitionTimeLimit"), []string{"never going to start", "lower the walltime"}},
		"something new":     {queued("NewIn2030"), []string{"Slurm says: NewIn2030", "administrators"}},
		"unconfirmed":       {func(c *Cluster) { c.ledger.add(Launch{Key: "k", Pool: "p", Count: 1}) }, []string{"not confirmed yet"}},
		"no hello yet":      {func(c *Cluster) { c.have(Job{Phase: Running}) }, []string{"no worker has said hello yet", "ewoks-hpc logs 7_0"}},
		"unknown state":     {func(c *Cluster) { c.have(Job{Phase: Unknown, Plain: "it is not listed at present"}) }, []string{"in an unknown state: it is not listed"}},
		"workers are taken": {func(c *Cluster) { c.pools[0].demand = 5; c.have(Job{Phase: Running, Greeted: true}) }, []string{"all 1 job are there", "4 more tasks wait", "ewoks-hpc scale --cluster beam"}},
		"Slurm is silent": {func(c *Cluster) {
			c.have(Job{Phase: Running, Greeted: true})
			c.note(t.Context(), &slurm.Error{Kind: slurm.ErrTransient, Command: "squeue", Words: "Unable to contact"})
			c.troubled = time.Date(2026, 1, 1, 12, 30, 0, 0, time.Local)
			c.note(t.Context(), errors.New("still Unable to contact"))
		}, []string{"not known at present, since 12:30:00: still Unable to contact"}},
		"submitted later": {func(c *Cluster) {
			_ = c.failed(t.Context(), c.pools[0], &slurm.Error{Kind: slurm.ErrLimit, Command: "sbatch", Words: "MaxSubmitJob"})
		}, []string{"could not be submitted, it is tried again", "MaxSubmitJob"}},
		"refused": {func(c *Cluster) {
			_ = c.failed(t.Context(), c.pools[0], &slurm.Error{Kind: slurm.ErrRejected, Command: "sbatch", Words: "invalid account"})
		}, []string{"pool p is stopped since", "sbatch: Slurm refuses: invalid account", "What to do: ", "then ewoks-hpc resume --cluster beam tries again"}},
		"breaker": {func(c *Cluster) {
			for range maxSilent {
				c.judge(t.Context(), end{Job: Job{Launch: Launch{Pool: "p", ID: "7"}, SlurmState: "FAILED", Plain: "its script failed", Outcome: Failed, Nodes: "n1"}}, "hello\nModuleNotFoundError: x")
			}
		}, []string{"pool p is stopped since", "3 jobs in a row ended before a worker said hello; the last: job 7_0 ended: FAILED, its script failed on n1", "pip install", "resume", "ends with:\nhello\nModuleNotFoundError: x"}},
		"excluded node": {func(c *Cluster) {
			c.have(Job{Phase: Running, Greeted: true})
			for range maxDeaths {
				c.pools[0].suspects.note("n2", time.Now(), silent, "job 7_1 ended")
			}
			c.pools[0].suspects.exclude("n2", time.Now())
		}, []string{"node n2 is not used until", "2 jobs died fast there; the last: job 7_1 ended", "ewoks-hpc resume --cluster beam uses it again"}},
	} {
		t.Run(name, func(t *testing.T) {
			f := &field{t: t, rand: rand.New(rand.NewPCG(1, 1)), nodes: map[string]blame{}, jobs: map[jobKey]Job{}}
			c, err := New(Options{Name: "beam", Backend: f, Coordinator: f, Pools: []PoolOptions{{Name: "p", Size: Fixed(1), Slots: 1}}})
			if err != nil {
				t.Fatal(err)
			}
			test.prepare(c)
			lines := c.Explain()
			if len(test.want) == 0 && len(lines) == 0 {
				return
			}
			if len(lines) != 1 || len(test.want) == 0 {
				t.Fatalf("said %q", lines)
			}
			for _, want := range test.want {
				if !strings.Contains(lines[0], want) {
					t.Errorf("no %q in %q", want, lines[0])
				}
			}
		})
	}
}

// have makes a job of the only pool known.
func (c *Cluster) have(j Job) {
	launch := Launch{Key: "k", Pool: "p", Count: 1, ID: "7"}
	c.ledger.add(launch)
	j.Launch = launch
	c.ledger.jobs[jobKey{"k", 0}].Job = j
}
