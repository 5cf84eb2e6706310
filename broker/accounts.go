package broker

import (
	"encoding/json"
	"fmt"
	"strings"
)

// The accounts of the server. Launcher, workers and clients live in the first.
const (
	account       = "EWOKS"
	systemAccount = "SYS"
)

// accountsConfig is the server's configuration of accounts and users. It goes
// through the server's own parser because accounts filled in by hand lose
// settings on a reload. The users live in a named account: with users in the
// default one and a system account, the server would invent a user for
// whoever shows no credentials at all.
func accountsConfig(s *state, system Secret) (string, error) {
	launcher, err := publicKey(s.LauncherSeed)
	if err != nil {
		return "", err
	}
	users := []map[string]any{{"nkey": launcher}}
	for _, role := range []Role{RoleWorker, RoleClient} {
		public, err := publicKey(s.seed(role))
		if err != nil {
			return "", err
		}
		allowed := rolePermissions[role]
		users = append(users, map[string]any{
			"nkey":        public,
			"permissions": map[string]any{"publish": allowed.Publish, "subscribe": allowed.Subscribe},
		})
	}
	watcher, err := publicKey(system)
	if err != nil {
		return "", err
	}
	var config strings.Builder
	encoder := json.NewEncoder(&config) // the server's language includes JSON, but not \u escapes
	encoder.SetEscapeHTML(false)
	err = encoder.Encode(map[string]any{
		"accounts": map[string]any{
			account:       map[string]any{"users": users},
			systemAccount: map[string]any{"users": []any{map[string]any{"nkey": watcher}}},
		},
		"system_account": systemAccount,
	})
	if err != nil {
		return "", fmt.Errorf("broker accounts: %w", err)
	}
	return config.String(), nil
}
