package broker

import (
	"fmt"
	"strconv"
	"strings"
)

// The subjects of a cluster. A name in angle brackets is one token (CheckToken).
//
//	work.<job>.<process>.hello   worker -> coordinator, request   here I am, with these slots
//	work.<job>.<process>.turn    worker -> coordinator, request   results back, more tasks please
//	work.<job>.<process>.bye     worker -> coordinator, request   I am leaving
//	ctl.worker.<job>.<process>   coordinator -> that worker
//	ctl.workers                  coordinator -> every worker
//	client.<verb>                client -> coordinator, request   submit, overview, cancel...
//	run.<run>.events             coordinator -> clients           what happens in a run
//	_INBOX_w.<job>.>, _INBOX_c.<session>.>, _INBOX_l.>   replies to the workers of a job, a client, the launcher
//
// A worker is named <job>.<process>, a job <launch>-<index>. Each job has a key of
// its own, which is good for the subjects with its name and no others.
const (
	Hello = "hello" // verb of a worker's first request
	Turn  = "turn"  // verb of a worker's exchange of results for tasks
	Bye   = "bye"   // verb of a worker's last request

	AllWork    = "work.*.*.*"   // what the coordinator serves to workers
	AllClient  = "client.>"     // what the coordinator serves to clients
	AllEvents  = "run.*.events" // what a client may watch
	CtlWorkers = "ctl.workers"  // what every worker listens to

	workPrefix   = "work."
	clientPrefix = "client."
	ctlPrefix    = "ctl.worker."

	inboxWorker   = "_INBOX_w"
	inboxClient   = "_INBOX_c"
	inboxLauncher = "_INBOX_l"
)

// Role is who a credential is for.
type Role string

// The roles that get access files. The launcher's own key never leaves its
// process.
const (
	RoleWorker Role = "worker"
	RoleClient Role = "client"
)

// permissions is what the holder of a key may do; everything else is refused.
type permissions struct {
	publish, subscribe []string
}

// workerPermissions are those of the workers of one job. The server takes a
// last "*" of a permission to cover ">" in a subscription, so never publish
// below ctl.worker.<job>.<process>.
func workerPermissions(job string) permissions {
	worker := job + ".*"
	return permissions{
		publish:   []string{WorkSubject(worker, Hello), WorkSubject(worker, Turn), WorkSubject(worker, Bye)},
		subscribe: []string{CtlSubject(worker), CtlWorkers, inbox(RoleWorker, job) + ".>"},
	}
}

// clientPermissions are those of one connection of a client.
func clientPermissions(session string) permissions {
	return permissions{
		publish:   []string{AllClient},
		subscribe: []string{AllEvents, inbox(RoleClient, session) + ".>"},
	}
}

// inbox is the prefix of the subjects on which the workers of a job, or the
// session of a client, get replies.
func inbox(role Role, name string) string {
	if role == RoleWorker {
		return inboxWorker + "." + name
	}
	return inboxClient + "." + name
}

// JobName names one job of a launch: what its workers' names begin with.
func JobName(launch string, index int) string { return launch + "-" + strconv.Itoa(index) }

// WorkerName names a process that works in a job. The process is one token that
// tells it from others of the job, those before a requeue included.
func WorkerName(job, process string) string { return job + "." + process }

// WorkerJob is the job that a worker belongs to.
func WorkerJob(worker string) string {
	job, _, _ := strings.Cut(worker, ".")
	return job
}

// CheckWorker reports why a name cannot be a worker's: it must be
// <job>.<process>, one token each.
func CheckWorker(name string) error {
	job, process, ok := strings.Cut(name, ".")
	if !ok {
		return fmt.Errorf("worker %.40q, want <job>.<process>", name)
	}
	if err := CheckToken(job); err != nil {
		return err
	}
	return CheckToken(process)
}

// WorkSubject is where a worker sends a request of that verb.
func WorkSubject(worker, verb string) string { return workPrefix + worker + "." + verb }

// ParseWork takes the subject of a worker's request apart.
func ParseWork(subject string) (worker, verb string, ok bool) {
	rest, ok := strings.CutPrefix(subject, workPrefix)
	end := strings.LastIndexByte(rest, '.')
	if !ok || end < 0 {
		return "", "", false
	}
	worker, verb = rest[:end], rest[end+1:]
	return worker, verb, CheckWorker(worker) == nil && CheckToken(verb) == nil
}

// CtlSubject is where the coordinator speaks to one worker.
func CtlSubject(worker string) string { return ctlPrefix + worker }

// ClientSubject is where a client sends a request of that verb.
func ClientSubject(verb string) string { return clientPrefix + verb }

// EventsSubject is where the events of a run are published.
func EventsSubject(run string) string { return "run." + run + ".events" }

// maxToken is the longest worker name, verb or run id in a subject, in bytes.
const maxToken = 128

// CheckToken reports why a name cannot be one token of a subject: it must be 1
// to 128 of the letters, digits, '_' and '-'.
func CheckToken(name string) error {
	if name == "" || len(name) > maxToken {
		return fmt.Errorf("name %.20q has %d characters, want 1 to %d", name, len(name), maxToken)
	}
	for _, r := range name {
		switch {
		case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', '0' <= r && r <= '9', r == '_', r == '-':
		default:
			return fmt.Errorf("name %q contains %q, want letters, digits, '_' and '-'", name, r)
		}
	}
	return nil
}

// replyPrefix is what the reply subject of a request must start with. The
// server does not check reply subjects against the sender's permissions, so
// without this a worker could make the coordinator publish anywhere. Empty: no
// requests are expected on the subject.
func replyPrefix(subject string) string {
	if worker, _, ok := ParseWork(subject); ok {
		return inbox(RoleWorker, WorkerJob(worker)) + "."
	}
	if strings.HasPrefix(subject, clientPrefix) {
		return inboxClient + "."
	}
	return ""
}

// forged reports whether a request names a reply subject its sender could not
// have received on.
func forged(subject, reply string) bool {
	prefix := replyPrefix(subject)
	if prefix == "" || reply == "" {
		return false
	}
	return !strings.HasPrefix(reply, prefix) || strings.ContainsAny(reply, "*> \t\r\n")
}
