package broker

import (
	"fmt"
	"strings"
)

// The subjects of a cluster. A name in angle brackets is one token (CheckToken).
//
//	work.<worker>.hello   worker -> coordinator, request   here I am, with these slots
//	work.<worker>.turn    worker -> coordinator, request   results back, more tasks please
//	work.<worker>.bye     worker -> coordinator, request   I am leaving
//	ctl.worker.<worker>   coordinator -> that worker
//	ctl.workers           coordinator -> every worker
//	client.<verb>         client -> coordinator, request   submit, overview, cancel...
//	run.<run>.events      coordinator -> clients           what happens in a run
//	_INBOX_w.>, _INBOX_c.>, _INBOX_l.>  replies to workers, clients, the launcher
//
// All workers of a cluster share a key, and so do all clients: permissions
// separate the roles, not the workers from each other. The server takes a last
// "*" of a permission to cover ">" in a subscription, so never publish below
// ctl.worker.<worker>.
const (
	Hello = "hello" // verb of a worker's first request
	Turn  = "turn"  // verb of a worker's exchange of results for tasks
	Bye   = "bye"   // verb of a worker's last request

	AllWork    = "work.*.*"     // what the coordinator serves to workers
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

// The roles that get an access file. The launcher's own key never leaves its
// state folder.
const (
	RoleWorker Role = "worker"
	RoleClient Role = "client"
)

// permissions is what a role may do; everything else is refused.
type permissions struct {
	Publish   []string
	Subscribe []string
	Inbox     string // prefix of the subjects its replies arrive on
}

var rolePermissions = map[Role]permissions{
	RoleWorker: {
		Publish:   []string{WorkSubject("*", Hello), WorkSubject("*", Turn), WorkSubject("*", Bye)},
		Subscribe: []string{CtlSubject("*"), CtlWorkers, inboxWorker + ".>"},
		Inbox:     inboxWorker,
	},
	RoleClient: {
		Publish:   []string{AllClient},
		Subscribe: []string{AllEvents, inboxClient + ".>"},
		Inbox:     inboxClient,
	},
}

// WorkSubject is where a worker sends a request of that verb.
func WorkSubject(worker, verb string) string { return workPrefix + worker + "." + verb }

// ParseWork takes the subject of a worker's request apart.
func ParseWork(subject string) (worker, verb string, ok bool) {
	rest, ok := strings.CutPrefix(subject, workPrefix)
	if !ok {
		return "", "", false
	}
	worker, verb, ok = strings.Cut(rest, ".")
	return worker, verb, ok && CheckToken(worker) == nil && CheckToken(verb) == nil
}

// CtlSubject is where the coordinator speaks to one worker.
func CtlSubject(worker string) string { return ctlPrefix + worker }

// ClientSubject is where a client sends a request of that verb.
func ClientSubject(verb string) string { return clientPrefix + verb }

// ParseClient returns the verb of a client's request.
func ParseClient(subject string) (verb string, ok bool) {
	verb, ok = strings.CutPrefix(subject, clientPrefix)
	return verb, ok && CheckToken(verb) == nil
}

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
	switch {
	case strings.HasPrefix(subject, workPrefix):
		return inboxWorker + "."
	case strings.HasPrefix(subject, clientPrefix):
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
