package jobscript

import (
	"strconv"
	"strings"
)

// gpusPerNode counts the GPUs that the job gets on a node, whichever option or
// extra directive asks for them.
func (p Pool) gpusPerNode() int {
	gres, replaced := p.extra("gres")
	if !replaced {
		gres = p.Gres
	}
	total, hasTotal := p.extra("gpus")
	perNode, hasPerNode := p.extra("gpus-per-node")
	perTask, _ := p.extra("gpus-per-task")
	tasks := 1 // on a node
	if p.wholeJob() {
		tasks = max(1, p.Processes)
	}
	n := max(gresGPUs(gres), gpuSum(perNode), gpuSum(perTask)*tasks, gpuSum(total)/p.effectiveNodes())
	if !hasTotal && !hasPerNode {
		n = max(n, p.GPUs)
	}
	return n
}

// gresGPUs counts the GPUs of a --gres value: a comma list of
// name[:type][:count], where the count may be followed by "(S:0-1)".
func gresGPUs(gres string) int {
	total := 0
	for item := range strings.SplitSeq(gres, ",") {
		name, rest, _ := strings.Cut(strings.TrimPrefix(item, "gres/"), ":")
		if name == "gpu" {
			total += gpuItem(rest)
		}
	}
	return total
}

// gpuSum counts the GPUs of a --gpus value: "2", "a100:2" or "a100:1,h100:1".
func gpuSum(gpus string) int {
	total := 0
	if gpus != "" {
		for item := range strings.SplitSeq(gpus, ",") {
			total += gpuItem(item)
		}
	}
	return total
}

// gpuItem counts "", "2", "a100" and "a100:2"; a missing count is one.
func gpuItem(item string) int {
	item, _, _ = strings.Cut(item, "(")
	item = item[strings.LastIndexByte(item, ':')+1:]
	if item == "" || item[0] < '0' || item[0] > '9' {
		return 1
	}
	return count(item)
}

// count is 0 for what is not a number of things.
func count(text string) int {
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 || n > maxCount {
		return 0
	}
	return n
}
