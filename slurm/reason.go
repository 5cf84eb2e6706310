package slurm

import (
	"fmt"
	"path"
	"strings"
)

// Wait says what to do about a job that waits.
type Wait string

// What to do about a job that waits.
const (
	WaitQuietly Wait = "wait"    // ordinary queueing
	WaitAndTell Wait = "tell"    // a limit of this user or group; it clears by itself
	WaitForever Wait = "never"   // it will not run unless somebody does something
	WaitUnclear Wait = "unclear" // it may last; raise the alarm after some time
)

type explanation struct {
	pattern string // as of path.Match
	wait    Wait
	words   string
}

// reasons holds the first match for each of Slurm's reasons (some 200 in 22.05).
var reasons = []explanation{
	{"None", WaitQuietly, "Slurm has not looked at it yet"},
	{"Priority", WaitQuietly, "other jobs are ahead in the queue"},
	{"Resources", WaitQuietly, "it waits for free nodes"},
	{"Prolog", WaitQuietly, "its node is being prepared"},
	{"Cleaning", WaitQuietly, "its previous run is being cleaned up"},
	{"BeginTime", WaitQuietly, "it may not start yet; a requeued job waits two minutes"},
	{"Licenses", WaitQuietly, "it waits for a licence"},
	{"Reservation", WaitQuietly, "it waits for its reservation to begin"},
	{"JobArrayTaskLimit", WaitQuietly, "its array may run only so many tasks at once"},
	{"PowerNotAvail", WaitQuietly, "it waits for electrical power"},
	{"PowerReserved", WaitQuietly, "it waits for electrical power"},
	{"BurstBuffer*", WaitQuietly, "it waits for its burst buffer"},
	{"Dependency", WaitQuietly, "it waits for another job"},

	{"PartitionTimeLimit", WaitForever, "it asks for more time than its partition allows: lower the walltime or change the partition"},
	{"PartitionNodeLimit", WaitForever, "it asks for more nodes than its partition allows: lower the nodes or change the partition"},
	{"PartitionConfig", WaitForever, "its partition does not allow such a job: change the partition or what is asked for"},
	{"BadConstraints", WaitForever, "no node can ever satisfy it: lower what is asked for"},
	{"InvalidAccount", WaitForever, "its account is not valid: correct the account"},
	{"InvalidQOS", WaitForever, "its QOS is not valid: correct the QOS"},
	{"AccountNotAllowed", WaitForever, "its account may not use this partition: change the account or the partition"},
	{"QOSNotAllowed", WaitForever, "its QOS may not be used in this partition: change the QOS or the partition"},
	{"Job's account *", WaitForever, "its account may not use this partition: change the account or the partition"},
	{"Job's QOS *", WaitForever, "its QOS may not be used in this partition: change the QOS or the partition"},
	{"DependencyNeverSatisfied", WaitForever, "the job it depends on failed: cancel it"},
	{"*MaxWallDuration*", WaitForever, "it asks for more time than its account or QOS allows: lower the walltime"},
	{"*PerJobLimit", WaitForever, "it alone exceeds a limit of its account or QOS: lower what is asked for"},
	{"*PerJob", WaitForever, "it alone exceeds a limit of its account or QOS: lower what is asked for"},
	{"*PerNode", WaitForever, "it asks for more per node than its account or QOS allows: lower what is asked for"},
	{"QOSMin*", WaitForever, "it asks for less than its QOS requires: raise what is asked for or change the QOS"},
	{"MaxMemPerLimit", WaitForever, "it asks for more memory than allowed: lower the memory"},
	{"ReservationDeleted", WaitForever, "its reservation was deleted: remove or change the reservation"},
	{"ReservationInvalid", WaitForever, "its reservation is not valid: remove or change the reservation"},
	{"JobHoldMaxRequeue", WaitForever, "it failed to start too often and is held: cancel it and see its nodes"},
	{"JobHeldUser", WaitForever, "it was held by its user: release or cancel it"},
	{"JobHeldAdmin", WaitForever, "it was held by an administrator: ask why"},
	{"launch failed requeued held", WaitForever, "its node could not start it and it is held: cancel it, and tell the administrators"},

	{"AssocGrp*Minutes*", WaitAndTell, "the time budget of its account is used up; that usually takes days to clear"},
	{"QOSGrp*Minutes*", WaitAndTell, "the time budget of its QOS is used up; that usually takes days to clear"},
	{"AssocGrp*", WaitAndTell, "its account uses all it may at once; it starts when other jobs of the account end"},
	{"QOSGrp*", WaitAndTell, "its QOS uses all it may at once; it starts when other jobs of the QOS end"},
	{"AssocMax*", WaitAndTell, "you use all your account allows at once; it starts when other jobs of yours end"},
	{"QOSMax*", WaitAndTell, "you use all your QOS allows at once; it starts when other jobs of yours end"},
	{"MaxJobsPerAccount", WaitAndTell, "its account runs all the jobs it may; it starts when some end"},

	{"ReqNodeNotAvail", WaitUnclear, "nodes it needs are down, drained or reserved for maintenance: a shorter walltime may fit before"},
	{"PartitionDown", WaitUnclear, "its partition starts no jobs at present"},
	{"PartitionInactive", WaitUnclear, "its partition starts no jobs at present"},
	{"Nodes required for job are DOWN*", WaitUnclear, "nodes it needs are down, drained or reserved"},
}

// Explain says what a job's reason means for somebody who waits for the job.
func Explain(reason string) (Wait, string) {
	plain := plainReason(reason)
	for _, e := range reasons {
		if ok, _ := path.Match(strings.ReplaceAll(e.pattern, "_", " "), plain); ok {
			return e.wait, e.words
		}
	}
	return WaitUnclear, fmt.Sprintf("Slurm says: %s", reason)
}

// plainReason is a reason without its details: Slurm appends some after a comma or
// in parentheses, and writes some reasons with underscores and some with spaces.
func plainReason(reason string) string {
	reason = strings.Trim(strings.TrimSpace(reason), "()")
	if i := strings.IndexAny(reason, ",("); i >= 0 {
		reason = reason[:i]
	}
	return strings.TrimSpace(strings.ReplaceAll(reason, "_", " "))
}
