package broker

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"time"

	"github.com/nats-io/nkeys"
)

// stateVersion is the format of the state file.
const stateVersion = 1

// state is what makes a restarted broker the same one.
type state struct {
	Version      int    `json:"version"`
	ClusterID    string `json:"cluster_id"`
	Port         int    `json:"port"`
	CAPEM        string `json:"ca_pem"`
	CAKeyPEM     Secret `json:"ca_key_pem"`
	LauncherSeed Secret `json:"launcher_seed"`
	WorkerSeed   Secret `json:"worker_seed"`
	ClientSeed   Secret `json:"client_seed"`
}

// Secret is a key that prints as a placeholder. JSON carries the real value.
type Secret string

const placeholder = "(secret)"

func (Secret) String() string   { return placeholder }
func (Secret) GoString() string { return placeholder }

func stateFile(dir string) string { return filepath.Join(dir, "broker.json") }

// loadState reads the state file, or makes the keys of a new cluster; these are
// not on disk before save.
func loadState(dir string, now time.Time) (*state, error) {
	path := stateFile(dir)
	data, err := readPrivate(path)
	if errors.Is(err, fs.ErrNotExist) {
		return newState(now)
	}
	if err != nil {
		return nil, err
	}
	s := &state{}
	if err := json.Unmarshal(data, s); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if s.Version != stateVersion {
		return nil, fmt.Errorf("%s has version %d, this program reads %d", path, s.Version, stateVersion)
	}
	if err := s.check(now); err != nil {
		return nil, hinted{fmt.Errorf("%s: %w", path, err), "move the file away to get new keys; workers and clients then need the new access files"}
	}
	return s, nil
}

func newState(now time.Time) (*state, error) {
	s := &state{Version: stateVersion, ClusterID: strings.ToLower(rand.Text())}
	caCert, caKey, err := newAuthority(s.ClusterID, now)
	if err != nil {
		return nil, fmt.Errorf("make certificate authority: %w", err)
	}
	s.CAPEM, s.CAKeyPEM = caCert, Secret(caKey)
	for _, seed := range []*Secret{&s.LauncherSeed, &s.WorkerSeed, &s.ClientSeed} {
		if *seed, err = newSeed(); err != nil {
			return nil, err
		}
	}
	return s, nil
}

func newSeed() (Secret, error) {
	key, err := nkeys.CreateUser()
	if err != nil {
		return "", fmt.Errorf("make key: %w", err)
	}
	text, err := key.Seed()
	if err != nil {
		return "", fmt.Errorf("make key: %w", err)
	}
	return Secret(text), nil
}

func (s *state) check(now time.Time) error {
	if err := CheckToken(s.ClusterID); err != nil {
		return fmt.Errorf("cluster_id: %w", err)
	}
	if s.Port < 0 || s.Port > maxPort {
		return fmt.Errorf("port %d out of range", s.Port)
	}
	ca, err := loadAuthority(s.CAPEM, string(s.CAKeyPEM))
	if err != nil {
		return err
	}
	if now.After(ca.cert.NotAfter.Add(-certificateLife)) {
		return fmt.Errorf("certificate authority expires %s", ca.cert.NotAfter.Format(time.DateOnly))
	}
	for _, seed := range []Secret{s.LauncherSeed, s.WorkerSeed, s.ClientSeed} {
		if _, err := publicKey(seed); err != nil {
			return err
		}
	}
	return nil
}

func (s *state) save(dir string) error { return replaceFile(stateFile(dir), s) }

func (s *state) seed(role Role) Secret {
	if role == RoleWorker {
		return s.WorkerSeed
	}
	return s.ClientSeed
}

// publicKey is the user that a seed signs for.
func publicKey(seed Secret) (string, error) {
	key, err := nkeys.FromSeed([]byte(seed))
	if err != nil {
		return "", fmt.Errorf("key: %w", err)
	}
	public, err := key.PublicKey()
	if err != nil {
		return "", fmt.Errorf("key: %w", err)
	}
	if !nkeys.IsValidPublicUserKey(public) {
		return "", errors.New("key is not a user's")
	}
	return public, nil
}
