package broker

import (
	"fmt"
	"net"
	"os"
	"slices"
	"strings"
)

// InterfaceAddr returns the address of a network interface such as "ib0",
// IPv4 rather than IPv6.
func InterfaceAddr(name string) (string, error) {
	iface, err := net.InterfaceByName(name)
	if err != nil {
		return "", hinted{fmt.Errorf("network interface %q: %w", name, err), "this machine has " + strings.Join(interfaceNames(), ", ")}
	}
	addrs, err := iface.Addrs()
	if err != nil {
		return "", fmt.Errorf("network interface %q: %w", name, err)
	}
	usable := usableAddrs(addrs, true)
	if iface.Flags&net.FlagUp == 0 || len(usable) == 0 {
		return "", hinted{fmt.Errorf("network interface %q is down or has no address", name), "this machine has " + strings.Join(interfaceNames(), ", ")}
	}
	return usable[0], nil
}

// DefaultAdvertise returns the names by which other machines may know this
// one: its hostname, then the addresses of its interfaces.
func DefaultAdvertise() ([]string, error) {
	var hosts []string
	if name, err := os.Hostname(); err == nil && checkHost(name) == nil {
		hosts = append(hosts, name)
	}
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		return nil, fmt.Errorf("list network addresses: %w", err)
	}
	return append(hosts, usableAddrs(addrs, false)...), nil
}

// usableAddrs lists the addresses one can dial without naming a zone, IPv4
// first.
func usableAddrs(addrs []net.Addr, loopback bool) []string {
	var v4, v6 []string
	for _, addr := range addrs {
		network, ok := addr.(*net.IPNet)
		if !ok || !network.IP.IsGlobalUnicast() && !(loopback && network.IP.IsLoopback()) {
			continue
		}
		if network.IP.To4() != nil {
			v4 = append(v4, network.IP.String())
		} else {
			v6 = append(v6, network.IP.String())
		}
	}
	return slices.Concat(v4, v6)
}

func interfaceNames() []string {
	var names []string
	ifaces, _ := net.Interfaces() // only a hint: nothing to list, nothing to say
	for _, i := range ifaces {
		names = append(names, i.Name)
	}
	return names
}

// checkHost admits an IP address or a DNS name, without port.
func checkHost(host string) error {
	if net.ParseIP(host) != nil {
		return nil
	}
	if host == "" || len(host) > 253 {
		return fmt.Errorf("host %.40q has %d characters, want 1 to 253", host, len(host))
	}
	for _, r := range host {
		switch {
		case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', '0' <= r && r <= '9', r == '-', r == '.', r == '_':
		default:
			return fmt.Errorf("host %q is neither an address nor a name (a port does not belong here)", host)
		}
	}
	return nil
}
