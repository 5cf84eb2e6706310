package slurm

import (
	"context"
	"slices"
	"strings"
)

// Nodes lists the nodes on which jobs of a partition start, now or when others
// end. Several partitions may be given with commas; none is the default one.
func (c *CLI) Nodes(ctx context.Context, partition string) ([]string, error) {
	args := []string{"--noheader", "--Node", "--format=%N|%P|%T"}
	if partition != "" {
		args = append(args, "--partition="+partition)
	}
	out, err := c.read(ctx, "sinfo", args...)
	if err != nil {
		return nil, err
	}
	var nodes []string
	for line := range strings.Lines(out) {
		cells := strings.Split(strings.TrimSpace(line), "|")
		if len(cells) != 3 || partition == "" && !strings.HasSuffix(cells[1], "*") {
			continue
		}
		if (NodeKind{State: cells[2]}).Usable() {
			nodes = append(nodes, cells[0])
		}
	}
	slices.Sort(nodes)
	return slices.Compact(nodes), nil
}
