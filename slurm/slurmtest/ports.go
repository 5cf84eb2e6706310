package slurmtest

import (
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
)

// Slurm wants its port numbers in slurm.conf, before anything listens. Ports are
// taken in blocks below the range from which the kernel gives out ports by itself.
// Listening on a block's first port keeps the block for one cluster, across
// processes, and the kernel gives it back whatever happens to the process.
const (
	firstPort = 20000
	lastPort  = 32000
	blockSize = 40
	maxNodes  = blockSize - 2
)

type portBlock struct {
	guard net.Listener
	base  int
}

func reservePorts(n int) (*portBlock, error) {
	blocks := (lastPort - firstPort) / blockSize
	for _, i := range rand.Perm(blocks) {
		base := firstPort + i*blockSize
		guard, err := net.Listen("tcp", net.JoinHostPort(loopback, strconv.Itoa(base)))
		if err != nil {
			continue
		}
		if allFree(base+1, n) {
			return &portBlock{guard: guard, base: base}, nil
		}
		guard.Close()
	}
	return nil, fmt.Errorf("no %d free ports in a row between %d and %d", n, firstPort, lastPort)
}

func allFree(first, n int) bool {
	for port := first; port < first+n; port++ {
		l, err := net.Listen("tcp", ":"+strconv.Itoa(port))
		if err != nil {
			return false
		}
		l.Close()
	}
	return true
}

func (b *portBlock) controller() int    { return b.base + 1 }
func (b *portBlock) node(index int) int { return b.base + 2 + index }

func (b *portBlock) release() {
	if b != nil {
		b.guard.Close()
	}
}
