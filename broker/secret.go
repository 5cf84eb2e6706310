package broker

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"

	"github.com/nats-io/nkeys"
)

// Secret is a key that prints as a placeholder, however it is printed. JSON
// carries the real value.
type Secret []byte

const placeholder = "(secret)"

// Format keeps the key out of everything that package fmt writes.
func (Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, placeholder) }

// LogValue keeps the key out of logs, also of those in JSON.
func (Secret) LogValue() slog.Value { return slog.StringValue(placeholder) }

// MarshalText is the key itself, for access files.
func (s Secret) MarshalText() ([]byte, error) { return slices.Clone(s), nil }

// UnmarshalText reads what MarshalText wrote.
func (s *Secret) UnmarshalText(text []byte) error {
	*s = slices.Clone(text)
	return nil
}

// Wipe overwrites the key in memory. It is of no use after that.
func (s Secret) Wipe() { clear(s) }

func newSeed() (Secret, error) {
	key, err := nkeys.CreateUser()
	if err != nil {
		return nil, fmt.Errorf("make key: %w", err)
	}
	defer key.Wipe()
	seed, err := key.Seed()
	if err != nil {
		return nil, fmt.Errorf("make key: %w", err)
	}
	return slices.Clone(seed), nil
}

// publicKey is the user that a seed signs for.
func publicKey(seed Secret) (string, error) {
	key, err := nkeys.FromSeed(seed)
	if err != nil {
		return "", fmt.Errorf("key: %w", err)
	}
	defer key.Wipe()
	public, err := key.PublicKey()
	if err != nil {
		return "", fmt.Errorf("key: %w", err)
	}
	if !nkeys.IsValidPublicUserKey(public) {
		return "", errors.New("key is not a user's")
	}
	return public, nil
}
