package app

import (
	"context"
	"reflect"
	"strings"
)

// opinion is a finding about some pools. culprit is the check that failed, this one or
// one that it needs.
type opinion struct {
	Finding
	culprit string
	options PoolOptions // of the first pool, without its name
	pools   []string
}

// eachPool makes one finding for each pool. Those that are the same are one, so that it
// takes a line per pool only where pools differ.
func (d *doctor) eachPool(ctx context.Context, name string, needs []string, look func(*doctor, context.Context) Finding) {
	var opinions []*opinion
	for _, o := range d.o.EachPool() {
		if ctx.Err() != nil {
			return
		}
		opinions = d.consult(ctx, o, needs, look).join(opinions)
	}
	for _, o := range opinions {
		label := name
		if len(opinions) > 1 {
			label += " of " + strings.Join(o.pools, ", ")
		}
		d.say(ctx, label, o.Finding)
		if o.Mark == MarkFailed {
			o.culprit = label
		}
		for _, pool := range o.pools {
			d.blocked[ofPool(name, pool)] = o.culprit
			if pool == d.o.Pool.Name {
				d.blocked[name] = o.culprit // the probe is of the first pool
			}
		}
	}
}

// join adds an opinion, to an equal one if there is one, or to that of a pool with the
// same options: asked twice, Slurm may name another time at which a job could start.
func (o *opinion) join(list []*opinion) []*opinion {
	for _, other := range list {
		if other.Finding == o.Finding || reflect.DeepEqual(other.options, o.options) {
			other.pools = append(other.pools, o.pools...)
			return list
		}
	}
	return append(list, o)
}

// ofPool is the key of a check for one pool.
func ofPool(name, pool string) string { return name + " of " + pool }

// consult makes the finding of one pool, unless one that it needs has failed.
func (d *doctor) consult(ctx context.Context, o ClusterOptions, needs []string, look func(*doctor, context.Context) Finding) *opinion {
	made := &opinion{options: o.PoolOptions, pools: []string{o.Pool.Name}}
	made.options.Pool.Name = ""
	for _, need := range needs {
		culprit, one := d.blocked[ofPool(need, o.Pool.Name)]
		if !one {
			culprit = d.blocked[need]
		}
		if culprit != "" {
			made.Finding, made.culprit = skipped("not checked: see %s first", culprit), culprit
			return made
		}
	}
	one := *d
	one.o.ClusterOptions = o
	made.Finding = look(&one, ctx)
	return made
}
