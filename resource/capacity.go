package resource

import (
	"fmt"
	"strings"
	"time"
)

// Capacity is what one worker has. Zero Cores means one for each slot, zero Memory
// that it is not known and not judged.
type Capacity struct {
	// Slots is how many tasks that say nothing run at the same time.
	Slots  int
	Cores  int
	Memory Bytes
	GPUs   int
	// Nodes is more than 0 for a worker that has a whole job of so many nodes, each with
	// these Cores, Memory and GPUs. It has one slot, and every task takes all of it.
	Nodes int
}

// own is what a task asks for itself: of a whole job, nothing but all.
func (c Capacity) own(n Need) Need {
	if c.Nodes > 0 {
		return Need{}
	}
	return n
}

func (c Capacity) slots() int { return max(1, c.Slots) }
func (c Capacity) cores() int { return max(c.Cores, c.slots()) }

// OwnGPUs is how many GPUs a slot has for itself; 0 means that slots share them all.
func (c Capacity) OwnGPUs() int { return c.GPUs / c.slots() }

// GPUsOf is how many GPUs a task has for itself; 0 means that it shares them all.
func (c Capacity) GPUsOf(n Need) int {
	if n = c.own(n); n.GPUs > 0 {
		return n.GPUs
	}
	return c.OwnGPUs()
}

// CoresOf is how many cores a task may use, at least 1.
func (c Capacity) CoresOf(n Need) int {
	if n = c.own(n); n.Cores > 0 {
		return n.Cores
	}
	return max(1, c.cores()/c.slots())
}

// MemoryOf is how much memory a task may use; 0 is not known.
func (c Capacity) MemoryOf(n Need) Bytes {
	if n = c.own(n); n.Memory > 0 {
		return n.Memory
	}
	return c.Memory / Bytes(c.slots())
}

// String is as in "4 slots, 8 cores, 16GB of memory, 1 GPU", or "2 whole nodes, each with
// 8 cores".
func (c Capacity) String() string {
	if c.Nodes > 0 {
		return count(c.Nodes, "whole node") + ", each with " + strings.Join(amounts(c.cores(), c.Memory, c.GPUs), ", ")
	}
	parts := append([]string{count(c.slots(), "slot")}, amounts(c.cores(), c.Memory, c.GPUs)...)
	return strings.Join(parts, ", ")
}

// lacks says why a task can never run on such a worker; empty when it can.
func (c Capacity) lacks(n Need) string {
	switch {
	case n.Nodes > 0 && c.Nodes == 0:
		return `has no worker for a whole job (worker_per = "job")`
	case n.Nodes > c.Nodes:
		return "has " + count(c.Nodes, "node")
	case n.Cores > c.cores():
		return "has " + count(c.cores(), "core")
	case n.GPUs > c.GPUs:
		if c.GPUs == 0 {
			return "has no GPU"
		}
		return "has " + count(c.GPUs, "GPU")
	case c.Memory > 0 && n.Memory > c.Memory:
		return fmt.Sprintf("has %s of memory", c.Memory)
	}
	return ""
}

// Fits tells whether such a worker could run the task if it had no other.
func (c Capacity) Fits(n Need) bool { return c.lacks(n) == "" }

// SlotsOf is how many slots a task takes of such a worker, rounded up.
func (c Capacity) SlotsOf(n Need) int {
	if n = c.own(n); !n.Sized() {
		return 1
	}
	share := func(part, all int64) int {
		if part <= 0 || all <= 0 {
			return 1
		}
		return int((part*int64(c.slots()) + all - 1) / all)
	}
	return max(1, share(int64(n.Cores), int64(c.cores())), share(int64(n.GPUs), int64(c.GPUs)),
		share(int64(n.Memory>>10), int64(c.Memory>>10)))
}

// Use is what tasks take of a worker, in parts of a slot so that nothing is
// rounded: of n cores a slot takes n parts, and a core as many as there are slots.
type Use struct{ cores, memory, gpus int64 }

// Of is what one task takes.
func (c Capacity) Of(n Need) Use {
	n = c.own(n)
	s := int64(c.slots())
	u := Use{cores: int64(c.cores()), memory: int64(c.Memory >> 10), gpus: int64(c.OwnGPUs()) * s}
	if n.Cores > 0 {
		u.cores = int64(n.Cores) * s
	}
	if n.Memory > 0 && c.Memory > 0 {
		u.memory = int64((n.Memory+1023)>>10) * s
		if n.Memory <= c.Memory { // rounded up, it could be more than there is, rounded down
			u.memory = min(u.memory, int64(c.Memory>>10)*s)
		}
	}
	if n.GPUs > 0 {
		u.gpus = int64(n.GPUs) * s
	}
	return u
}

// Plus and Minus add and take back what tasks use.
func (u Use) Plus(o Use) Use { return Use{u.cores + o.cores, u.memory + o.memory, u.gpus + o.gpus} }

// Minus is the inverse of Plus.
func (u Use) Minus(o Use) Use { return Use{u.cores - o.cores, u.memory - o.memory, u.gpus - o.gpus} }

// Times is what n such tasks use.
func (u Use) Times(n int) Use { return Use{u.cores * int64(n), u.memory * int64(n), u.gpus * int64(n)} }

// Room is how many more tasks of one use fit beside what is used.
func (c Capacity) Room(used, one Use) int {
	s := int64(c.slots())
	room := int64(maxCount)
	for _, d := range [...]struct{ all, used, one int64 }{
		{int64(c.cores()) * s, used.cores, one.cores},
		{int64(c.Memory>>10) * s, used.memory, one.memory},
		{int64(c.GPUs) * s, used.gpus, one.gpus},
	} {
		if d.one > 0 {
			room = min(room, max(0, d.all-d.used)/d.one)
		}
	}
	return int(room)
}

// maxCount bounds every number of cores, GPUs and slots.
const maxCount = 1_000_000

// Pool is one kind of worker, as it will be.
type Pool struct {
	Name string
	Capacity
	// Walltime is for how long its workers live; 0 is not known and not judged.
	Walltime time.Duration
}

// lacks says why the pool can never run a task; empty when it can.
func (p Pool) lacks(n Need) string {
	if p.Nodes > 0 && n.Nodes == 0 && (n.Pool != p.Name || n.Chosen) {
		return "is for tasks that say nodes, or that name it"
	}
	if why := p.Capacity.lacks(n); why != "" {
		return why
	}
	if most := p.Walltime - Margin(p.Walltime); p.Walltime > 0 && n.TimeLimit > most {
		return fmt.Sprintf("has a walltime of %s, which leaves %s for a task", p.Walltime, most.Round(time.Second))
	}
	return ""
}

// Margin is the part of a walltime in which no task should be running any more: what
// a worker needs to finish and a job to end.
func Margin(walltime time.Duration) time.Duration { return min(30*time.Second, walltime/10) }
