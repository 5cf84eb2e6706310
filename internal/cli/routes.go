package cli

import (
	"errors"
	"fmt"

	"github.com/ewoks-hpc/ewoks-hpc/app"
	"github.com/ewoks-hpc/ewoks-hpc/config"
	"github.com/ewoks-hpc/ewoks-hpc/resource"
)

// routeKeys are the keys of a [[route]]: which nodes it is for, and what those get.
func routeKeys() (keys []config.Key) {
	for _, name := range []string{"node", "label", "task", "pool", "cores", "memory", "gpus", "nodes", "time_limit"} {
		keys = append(keys, config.Key{Name: name})
	}
	return keys
}

// routes reads the [[route]] tables of a configuration.
func routes(tables []config.Table) (rules []resource.Rule, err error) {
	for _, t := range tables {
		rule, err := route(t.Values)
		if err != nil {
			var hinted interface{ Hint() string }
			hint := ""
			if errors.As(err, &hinted) {
				hint = hinted.Hint()
			}
			return nil, &app.InvalidError{Cause: fmt.Errorf("%s: %w", t.Origin, err), Advice: hint}
		}
		rules = append(rules, rule)
	}
	return rules, nil
}

func route(values map[string]any) (r resource.Rule, err error) {
	globs := map[string]*string{"node": &r.Node, "label": &r.Label, "task": &r.Task}
	for key, value := range values {
		glob := globs[key]
		if glob == nil {
			if err := r.Set(key, value); err != nil {
				return r, err
			}
			continue
		}
		text, ok := value.(string)
		if !ok || text == "" {
			return r, fmt.Errorf("%s must be a text with * and ?", key)
		}
		*glob = text
	}
	switch {
	case r.Node == "" && r.Label == "" && r.Task == "":
		return r, errors.New("it says of no node, label or task")
	case r.Need == resource.Need{}:
		return r, errors.New("it gives no pool, cores, memory, gpus, nodes or time_limit")
	}
	return r, nil
}
