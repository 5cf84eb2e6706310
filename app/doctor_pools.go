package app

import (
	"context"
	"strings"
)

// opinion is a finding about some pools. culprit is the check that failed, this one or
// one that it needs.
type opinion struct {
	Finding
	culprit string
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

// join adds an opinion, to an equal one if there is one.
func (o *opinion) join(list []*opinion) []*opinion {
	for _, other := range list {
		if other.Finding == o.Finding {
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
	pools := []string{o.Pool.Name}
	for _, need := range needs {
		culprit, one := d.blocked[ofPool(need, o.Pool.Name)]
		if !one {
			culprit = d.blocked[need]
		}
		if culprit != "" {
			return &opinion{skipped("not checked: see %s first", culprit), culprit, pools}
		}
	}
	one := *d
	one.o.ClusterOptions = o
	return &opinion{look(&one, ctx), "", pools}
}
