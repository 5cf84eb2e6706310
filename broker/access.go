package broker

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/url"
	"path/filepath"
	"time"
)

const (
	accessVersion = 2
	maxURLs       = 64
)

// Access is all that a worker or client needs to reach a cluster. It is a
// secret: pass the path of its file around, never its content.
type Access struct {
	Version   int    `json:"version"`
	ClusterID string `json:"cluster_id"`
	Name      string `json:"name"`
	Role      Role   `json:"role"`
	// Job is what the names of the workers that use this file begin with; see
	// WorkerName. Empty for clients.
	Job      string    `json:"job,omitempty"`
	URLs     []string  `json:"urls"`
	CAPEM    string    `json:"ca_pem"`
	NKeySeed Secret    `json:"nkey_seed"`
	Created  time.Time `json:"created"`
	Launcher Launcher  `json:"launcher"`
}

// LogValue keeps the key out of logs.
func (a Access) LogValue() slog.Value {
	return slog.GroupValue(slog.String("cluster", a.Name), slog.String("role", string(a.Role)), slog.Any("urls", a.URLs))
}

// ClientAccess is the path of the clients' access file in a state folder.
func ClientAccess(dir string) string { return filepath.Join(dir, "access-client.json") }

// ReadAccess reads an access file. It must belong to the effective user and be
// closed to everybody else, and its folder must be one that nobody else can
// change.
func ReadAccess(path string) (Access, error) {
	data, err := readPrivate(path)
	if errors.Is(err, fs.ErrNotExist) {
		return Access{}, hinted{fmt.Errorf("access file: %w", err), "is the cluster up, and is the path right? The launcher writes the file, and removes a job's when the job is over"}
	}
	if err != nil {
		return Access{}, fmt.Errorf("access file: %w", err)
	}
	defer clear(data)
	var a Access
	if err := json.Unmarshal(data, &a); err != nil {
		return Access{}, fmt.Errorf("access file %s: %w", path, err)
	}
	if err := a.check(); err != nil {
		return Access{}, hinted{fmt.Errorf("access file %s: %w", path, err), "restart the launcher with this version of ewoks-hpc; it writes the file anew"}
	}
	return a, nil
}

func (a Access) check() error {
	if a.Version != accessVersion {
		return fmt.Errorf("version %d, this program reads %d", a.Version, accessVersion)
	}
	switch a.Role {
	case RoleClient:
	case RoleWorker:
		if err := CheckToken(a.Job); err != nil {
			return fmt.Errorf("job: %w", err)
		}
	default:
		return fmt.Errorf("unknown role %q", a.Role)
	}
	if len(a.URLs) == 0 || len(a.URLs) > maxURLs {
		return fmt.Errorf("%d urls, want 1 to %d", len(a.URLs), maxURLs)
	}
	for _, raw := range a.URLs {
		if err := checkURL(raw); err != nil {
			return err
		}
	}
	if _, err := clientTLS(a.CAPEM); err != nil {
		return err
	}
	_, err := publicKey(a.NKeySeed)
	return err
}

// checkURL admits tls://host:port and nothing else: no other scheme could be
// talked into leaving TLS out.
func checkURL(raw string) error {
	u, err := url.Parse(raw)
	if err != nil {
		return err
	}
	if u.Scheme != urlScheme || u.Hostname() == "" || u.Port() == "" || u.String() != urlScheme+"://"+u.Host {
		return fmt.Errorf("url %q, want %s://host:port", raw, urlScheme)
	}
	return nil
}
