package app

import (
	"context"
	"errors"

	"github.com/ewoks-hpc/ewoks-hpc/campaign"
	"github.com/ewoks-hpc/ewoks-hpc/campaigner"
	"github.com/ewoks-hpc/ewoks-hpc/ledger"
)

// refused is why the launcher did not do what a client asked for about campaigns.
type refused struct {
	Error string `json:"error"`
	Hint  string `json:"hint,omitempty"`
	// Mistake means that the user must change something.
	Mistake bool `json:"mistake,omitempty"`
}

func refuse(err error) *refused {
	if err == nil {
		return nil
	}
	r := &refused{Error: err.Error()}
	var hinted interface{ Hint() string }
	if errors.As(err, &hinted) {
		r.Hint = hinted.Hint()
	}
	r.Mistake = errors.As(invalidCampaign(err), new(*InvalidError))
	return r
}

// err is the error of the client.
func (r *refused) err() error {
	switch {
	case r == nil:
		return nil
	case r.Mistake:
		return &InvalidError{Cause: errors.New(r.Error), Advice: r.Hint}
	}
	return launcherError{r.Error, r.Hint}
}

// launcherError is an error of the launcher, with its hint.
type launcherError struct{ text, hint string }

func (e launcherError) Error() string { return e.text }
func (e launcherError) Hint() string  { return e.hint }

// invalidCampaign marks errors that are the user's to correct.
func invalidCampaign(err error) error {
	var invalid *InvalidError
	if err == nil || errors.As(err, &invalid) || errors.Is(err, context.Canceled) {
		return err
	}
	var judged interface{ Mistake() bool }
	if errors.As(err, &judged) && judged.Mistake() {
		return &InvalidError{Cause: err}
	}
	if errors.As(err, new(*campaign.Error)) || errors.As(err, new(*campaigner.NotFoundError)) || errors.As(err, new(*campaigner.OrderError)) ||
		errors.As(err, new(*campaigner.RowError)) || errors.As(err, new(*ledger.FilterError)) {
		return &InvalidError{Cause: err}
	}
	return err
}
