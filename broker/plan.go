package broker

import (
	"context"
	"net"
	"time"
)

// Plan is where a broker would listen and by which names it would be reached.
type Plan struct {
	Bind, Advertise []string
	// Port is that of the last start of the state folder, which is free; 0 is any.
	Port int
}

// PlanServer finds out where Start would listen, and fails where it would fail for
// want of an address or a port. It changes nothing.
func PlanServer(o ServerOptions) (Plan, error) {
	if err := o.complete(); err != nil {
		return Plan{}, err
	}
	p := Plan{Bind: o.Bind, Advertise: o.Advertise, Port: o.Port}
	if p.Port == 0 {
		last, err := loadState(o.Dir, time.Now())
		if err != nil {
			return Plan{}, err
		}
		p.Port = last.Port
	}
	_, others, err := reserve(o.Bind, p.Port)
	for _, l := range others {
		l.Close()
	}
	return p, err
}

// lookupTime bounds the question for the addresses of a name.
const lookupTime = 3 * time.Second

// Loopback says whether a host, by name or address, is this machine to itself and
// so nothing that others could dial. A name that cannot be looked up is not.
func Loopback(ctx context.Context, host string) bool {
	ctx, cancel := context.WithTimeout(ctx, lookupTime)
	defer cancel()
	addresses, err := net.DefaultResolver.LookupIPAddr(ctx, host) // an address is its own answer
	for _, address := range addresses {
		if !address.IP.IsLoopback() {
			return false
		}
	}
	return err == nil && len(addresses) > 0
}
