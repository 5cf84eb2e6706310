package ledger

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"time"
)

// Header is what a campaign is, and where it came from.
type Header struct {
	Name         string `json:"name"`
	Workflow     string `json:"workflow"` // as it was named
	WorkflowHash string `json:"workflow_hash"`
	// Definition is what the campaign is to do, as the caller writes it.
	Definition json.RawMessage `json:"definition,omitempty"`
	Provenance Provenance      `json:"provenance"`
}

// Provenance says with what the rows were made.
type Provenance struct {
	// Packages are versions of Python packages by name.
	Packages  map[string]string `json:"packages,omitempty"`
	Python    string            `json:"python,omitempty"`
	EwoksHPC  string            `json:"ewoks_hpc,omitempty"`
	Host      string            `json:"host,omitempty"`
	Container string            `json:"container,omitempty"`
	User      string            `json:"user,omitempty"`
	Submitted time.Time         `json:"submitted,omitzero"`
}

// Phase is what is to be done with a campaign.
type Phase string

const (
	// Filling means that rows are being added, or that this was interrupted.
	Filling Phase = "filling"
	// Active campaigns run.
	Active Phase = "active"
	// Paused campaigns start no rows.
	Paused Phase = "paused"
	// Stopped campaigns were cancelled, or had too many failures.
	Stopped Phase = "stopped"
)

// Header returns what was given to Create or SetHeader last.
func (l *Ledger) Header(ctx context.Context) (h Header, err error) {
	value, err := l.get(ctx, "header")
	if err == nil {
		err = json.Unmarshal(value, &h)
	}
	return h, l.failed(err)
}

// SetHeader replaces the header, when a campaign is submitted again.
func (l *Ledger) SetHeader(ctx context.Context, h Header) error {
	value, err := json.Marshal(h)
	if err != nil {
		return l.failed(err)
	}
	return l.set(ctx, "header", value)
}

// Phase is what is to be done with the campaign.
func (l *Ledger) Phase(ctx context.Context) (Phase, error) {
	value, err := l.get(ctx, "phase")
	return Phase(value), l.failed(err)
}

// SetPhase pauses, stops or resumes the campaign.
func (l *Ledger) SetPhase(ctx context.Context, p Phase) error {
	return l.set(ctx, "phase", []byte(p))
}

// Document is the flat workflow that rows run, nil if none was kept.
func (l *Ledger) Document(ctx context.Context) (json.RawMessage, error) {
	value, err := l.get(ctx, "workflow")
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	return value, l.failed(err)
}

// SetDocument keeps the flat workflow, so that a campaign can go on when the file
// that it came from has changed or is gone.
func (l *Ledger) SetDocument(ctx context.Context, document json.RawMessage) error {
	return l.set(ctx, "workflow", document)
}

func (l *Ledger) get(ctx context.Context, name string) (value []byte, err error) {
	err = l.db.QueryRowContext(ctx, "SELECT value FROM meta WHERE name = ?", name).Scan(&value)
	return value, err
}

func (l *Ledger) set(ctx context.Context, name string, value []byte) error {
	return l.write(ctx, func(tx *sql.Tx) error { return put(tx, name, value) })
}

func put(tx *sql.Tx, name string, value []byte) error {
	_, err := tx.Exec("INSERT OR REPLACE INTO meta (name, value) VALUES (?, ?)", name, value)
	return err
}
