package broker

import (
	"encoding/base64"
	"errors"
	"fmt"
	"sync"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nkeys"
)

// The accounts of the server. Launcher, workers and clients live in the first.
const (
	account       = "EWOKS"
	systemAccount = "SYS"
)

// accountsConfig goes through the server's own parser because accounts filled
// in by hand lose settings. The first is a named one: with nothing but the
// default account and a system account, the server would invent a user for
// whoever shows no credentials at all.
const accountsConfig = `accounts { ` + account + ` {}, ` + systemAccount + ` {} }, system_account: ` + systemAccount

// keyring is everybody who may connect. The server asks it about every
// connection (Check), so that keys come and go without touching other
// connections.
type keyring struct {
	accounts map[string]*server.Account // set before the server starts

	mu      sync.RWMutex
	holders map[string]holder // by public key
}

// holder is whom a key belongs to.
type holder struct {
	role Role
	job  string // of a worker
}

// The roles that have no access file.
const (
	roleLauncher Role = "launcher"
	roleSystem   Role = "system" // hears what the server tells of itself
)

func newKeyring() *keyring { return &keyring{holders: map[string]holder{}} }

// add lets the holder of a seed in.
func (k *keyring) add(seed Secret, h holder) error {
	public, err := publicKey(seed)
	if err != nil {
		return err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.holders[public] = h
	return nil
}

// remove lets the jobs in no more and returns their keys, when no connection of
// them can be on its way in: each has been refused, or registered with the server.
func (k *keyring) remove(jobs map[string]bool) map[string]bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	removed := map[string]bool{}
	for public, h := range k.holders {
		if h.role == RoleWorker && jobs[h.job] {
			delete(k.holders, public)
			removed[public] = true
		}
	}
	return removed
}

// jobs lists the jobs that have a key.
func (k *keyring) jobs() (jobs []string) {
	k.mu.RLock()
	defer k.mu.RUnlock()
	for _, h := range k.holders {
		if h.role == RoleWorker {
			jobs = append(jobs, h.job)
		}
	}
	return jobs
}

// Check is called by the server for each connection that wants to come in. It
// admits whoever proves, by a signature of the server's nonce, to hold a key.
func (k *keyring) Check(c server.ClientAuthentication) bool {
	k.mu.RLock()
	defer k.mu.RUnlock()
	o := c.GetOpts()
	h, known := k.holders[o.Nkey]
	if !known || c.Kind() != server.CLIENT || verify(o.Nkey, o.Sig, c.GetNonce()) != nil {
		return false
	}
	user, err := k.user(h, o.Username)
	if err != nil {
		return false
	}
	c.RegisterUser(user)
	return true
}

// verify checks the signature of a nonce.
func verify(public, signature string, nonce []byte) error {
	if len(nonce) == 0 {
		return errors.New("no nonce to sign")
	}
	raw, err := base64.RawURLEncoding.DecodeString(signature)
	if err != nil {
		return err
	}
	key, err := nkeys.FromPublicKey(public)
	if err != nil {
		return err
	}
	return key.Verify(nonce, raw)
}

// minSession is the length from which a session's name cannot be guessed: 128
// bits in base32. It is all that keeps clients with the same key apart.
const minSession = 26

// user is what a holder may do. A client says in the user name of its
// connection which session it is.
func (k *keyring) user(h holder, session string) (*server.User, error) {
	u := &server.User{Username: string(h.role), Account: k.accounts[account]}
	switch h.role {
	case roleLauncher:
	case roleSystem:
		u.Account = k.accounts[systemAccount]
	case RoleWorker:
		u.Username, u.Permissions = h.job, workerPermissions(h.job).nats()
	case RoleClient:
		if err := CheckToken(session); err != nil || len(session) < minSession {
			return nil, fmt.Errorf("session %.40q of a client", session)
		}
		u.Permissions = clientPermissions(session).nats()
	default:
		return nil, fmt.Errorf("unknown role %q", h.role)
	}
	return u, nil
}

func (p permissions) nats() *server.Permissions {
	return &server.Permissions{
		Publish:   &server.SubjectPermission{Allow: p.publish},
		Subscribe: &server.SubjectPermission{Allow: p.subscribe},
	}
}
