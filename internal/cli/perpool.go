package cli

import (
	"slices"
	"strings"

	"github.com/urfave/cli/v3"

	"github.com/ewoks-hpc/ewoks-hpc/config"
)

// poolChoice is the flag --pool, which knows what follows it: with several of them,
// options are for the pools that the --pool before them names, and those before the
// first are for all.
type poolChoice struct {
	*cli.StringSliceFlag
	groups []poolGroup
}

// poolGroup is one --pool and the options after it.
type poolGroup struct {
	pools []string // nil before the first
	flags map[string]config.Flag
}

func newPoolChoice() *poolChoice {
	c := &poolChoice{groups: []poolGroup{{flags: map[string]config.Flag{}}}}
	c.StringSliceFlag = &cli.StringSliceFlag{
		Name: "pool", Usage: "`NAME,...` of the pools that are meant; with several --pool, the options after one are for it alone; default: all of the configuration",
		Category: "Pool",
		Validator: func(all []string) error {
			c.groups = append(c.groups, poolGroup{strings.Split(all[len(all)-1], ","), map[string]config.Flag{}})
			return nil
		},
	}
	return c
}

// findPoolChoice returns that of a command, or nil.
func findPoolChoice(cmd *cli.Command) *poolChoice {
	for _, f := range cmd.Flags {
		if c, ok := f.(*poolChoice); ok {
			return c
		}
	}
	return nil
}

// note takes an option of pools, in the order of the command line.
func (c *poolChoice) note(key, flag string, raw any) error {
	c.groups[len(c.groups)-1].flags[key] = config.Flag{Name: flag, Raw: raw}
	return nil
}

// list is note for an option that may be repeated; all are those so far.
func (c *poolChoice) list(key, flag string, all []string) error {
	before := 0
	last := len(c.groups) - 1
	for _, g := range c.groups[:last] {
		if items, ok := g.flags[key].Raw.([]string); ok {
			before += len(items)
		}
	}
	return c.note(key, flag, slices.Clone(all[before:]))
}

// apply says which pools are meant and which options are for each.
func (c *poolChoice) apply(s *config.Sources) {
	for _, g := range c.groups {
		s.Pools = append(s.Pools, g.pools...)
	}
	for i, g := range c.groups {
		if i == 0 || len(c.groups) == 2 { // one --pool: the order does not matter
			for key, flag := range g.flags {
				s.Flags[key] = mergeFlags(s.Flags[key], flag)
			}
			continue
		}
		if s.PoolFlags == nil {
			s.PoolFlags = map[string]map[string]config.Flag{}
		}
		for _, pool := range g.pools {
			s.PoolFlags[pool] = g.flags
		}
	}
}

// mergeFlags keeps all items of a list, and else the last value.
func mergeFlags(old, new config.Flag) config.Flag {
	a, some := old.Raw.([]string)
	b, list := new.Raw.([]string)
	if some && list {
		new.Raw = slices.Concat(a, b)
	}
	return new
}
