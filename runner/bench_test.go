package runner_test

import (
	"fmt"
	"testing"

	"github.com/ewoks-hpc/ewoks-hpc/internal/ewokstest"
	"github.com/ewoks-hpc/ewoks-hpc/task"
)

// BenchmarkWhole measures runs of three short tasks, one after another on each lane.
func BenchmarkWhole(b *testing.B) {
	for _, kind := range []struct{ task, identifier string }{
		{"method", "operator.add"}, {"class", "ewokscore.tests.examples.tasks.sumtask.SumTask"},
	} {
		for _, lanes := range []int{1, 2} {
			b.Run(fmt.Sprintf("%s-%d", kind.task, lanes), func(b *testing.B) {
				x := startWhole(b, lanes, ewokstest.Venv(b)+"/bin/python")
				id := x.keep(chainOf(kind.task, kind.identifier))
				row := func(i int) *task.Request {
					return x.request(i, id, task.Whole{Inputs: []byte(fmt.Sprintf(`[{"id":"a","name":%s,"value":%d}]`, first(kind.task), i))})
				}
				warm := 4 * lanes
				for i := range warm {
					x.Submit([]*task.Request{row(i)})
				}
				x.collect(warm)
				b.ResetTimer()
				var rows []*task.Request
				for i := range b.N {
					rows = append(rows, row(warm+i))
				}
				x.Submit(rows)
				for _, r := range x.collect(b.N) {
					if r.Status != task.Succeeded || len(r.Shown) != 1 {
						b.Fatalf("%+v", r)
					}
				}
			})
		}
	}
}

func first(kind string) string {
	if kind == "class" {
		return `"a"`
	}
	return "0"
}

// chainOf is a workflow of three nodes, one after another.
func chainOf(kind, identifier string) string {
	input, output, more := "0", "return_value", `"default_inputs":[{"name":1,"value":1}]`
	if kind == "class" {
		input, output, more = `"a"`, "result", `"default_inputs":[{"name":"b","value":1}]`
	}
	node := func(id string) string {
		return fmt.Sprintf(`{"id":%q,"task_type":%q,"task_identifier":%q,%s}`, id, kind, identifier, more)
	}
	link := func(from, to string) string {
		return fmt.Sprintf(`{"source":%q,"target":%q,"data_mapping":[{"source_output":%q,"target_input":%s}]}`, from, to, output, input)
	}
	return `{"graph":{"id":"chain"},"nodes":[` + node("a") + "," + node("b") + "," + node("c") + `],"links":[` + link("a", "b") + "," + link("b", "c") + `]}`
}
