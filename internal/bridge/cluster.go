package bridge

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"github.com/ewoks-hpc/ewoks-hpc/app"
	"github.com/ewoks-hpc/ewoks-hpc/dashboard"
)

// up brings a cluster up, for as long as the caller lives.
func (s *session) up(ctx context.Context, c call) (any, error) {
	var args struct {
		Local     bool     `json:"local"`
		Arguments []string `json:"arguments"`
	}
	if err := json.Unmarshal(c.Args, &args); err != nil {
		return nil, fmt.Errorf("arguments of up: %w", err)
	}
	o, err := s.o.Cluster(args.Local, args.Arguments)
	if err != nil {
		return nil, err
	}
	cluster, err := app.StartCluster(ctx, o)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	s.cluster, s.options = cluster, o
	s.mu.Unlock()
	if err := s.dial(ctx, o.StateDir); err != nil {
		return nil, err
	}
	return map[string]string{"name": o.Name, "address": cluster.Address(), "page": cluster.Page()}, nil
}

// connect uses a cluster that is up, by its name or address.
func (s *session) connect(ctx context.Context, c call) (any, error) {
	var name string
	if err := json.Unmarshal(c.Args, &name); err != nil {
		return nil, err
	}
	dir, err := s.o.Find(name)
	if err != nil {
		return nil, err
	}
	return true, s.dial(ctx, dir)
}

func (s *session) dial(ctx context.Context, dir string) error {
	client, err := app.Connect(ctx, dir)
	if err == nil {
		s.mu.Lock()
		s.client = client
		s.mu.Unlock()
	}
	return err
}

// submit runs a workflow on the cluster.
func (s *session) submit(ctx context.Context, c call) (any, error) {
	client, err := s.connected()
	if err != nil {
		return nil, err
	}
	r, _, err := s.run(c)
	if err != nil {
		return nil, err
	}
	outcome, err := app.RunOn(ctx, r, client)
	if err != nil {
		return nil, err
	}
	s.outcome(c, r.Workflow, outcome)
	return nil, nil
}

func (s *session) connected() (*app.Client, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.client == nil {
		return nil, errors.New("there is no cluster: it was closed, or never came up")
	}
	return s.client, nil
}

// scale changes the number of jobs, or the limits between which it adapts.
func (s *session) scale(ctx context.Context, c call) (any, error) {
	client, err := s.connected()
	if err != nil {
		return nil, err
	}
	var answer json.RawMessage
	if err := client.Call(ctx, "scale", c.Args, &answer); err != nil {
		return nil, err
	}
	return true, nil
}

// overview is what the status page shows.
func (s *session) overview(ctx context.Context, _ call) (any, error) {
	client, err := s.connected()
	if err != nil {
		return nil, err
	}
	var o dashboard.Overview
	err = client.Call(ctx, "overview", nil, &o)
	return o, err
}

func (s *session) jobScript(context.Context, call) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cluster == nil || s.options.Local {
		return nil, errors.New("workers of this cluster are no Slurm jobs: they have no job script")
	}
	return s.o.JobScript(s.options)
}

// down ends the cluster.
func (s *session) down(context.Context, call) (any, error) { return true, s.close() }

func (s *session) close() error {
	s.mu.Lock()
	cluster, client := s.cluster, s.client
	s.cluster, s.client = nil, nil
	s.mu.Unlock()
	if client != nil {
		client.Close()
	}
	if cluster == nil {
		return nil
	}
	if err := cluster.Stop(); err != nil {
		return fmt.Errorf("cluster %s: %w", s.options.Name, err)
	}
	return os.RemoveAll(s.options.StateDir)
}
