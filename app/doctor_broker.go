package app

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/ewoks-hpc/ewoks-hpc/broker"
)

// broker finds out where a launcher would listen and workers would dial.
func (d *doctor) broker(ctx context.Context) Finding {
	if info, err := ReadInfo(d.o.StateDir); err == nil {
		if running, _ := info.Running(); running {
			return found("cluster %s is up here, at %s", info.Name, info.Address)
		}
	}
	o, err := d.brokerOptions(d.o.StateDir)
	if err != nil {
		return broken(err, "")
	}
	p, err := broker.PlanServer(o)
	if err != nil {
		return broken(err, "choose an address of this machine with --bind or --interface")
	}
	port := "any free port"
	if p.Port > 0 {
		port = fmt.Sprintf("port %d, which is free", p.Port)
	}
	text := fmt.Sprintf("listens on %s at %s; workers dial %s", strings.Join(p.Bind, ", "), port, strings.Join(p.Advertise, ", "))
	if !d.o.Local && !d.o.Probe && !slices.ContainsFunc(p.Advertise, func(host string) bool { return !broker.Loopback(ctx, host) }) {
		return warning("name an address that the nodes can reach with --advertise or --interface, or try with --probe", "%s, which only this machine can", text)
	}
	return found("%s", text)
}

// brokerOptions are those that up would start a broker with.
func (d *doctor) brokerOptions(dir string) (broker.ServerOptions, error) {
	o := broker.ServerOptions{Name: d.o.Name, Dir: dir, Logger: d.o.Logger}
	return o, (&Cluster{o: d.o.ClusterOptions}).addresses(&o)
}
