package report

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/ewoks-hpc/ewoks-hpc/task"
)

const (
	// knownFailures bounds the groups in memory, mostFailures those in a report.
	knownFailures, mostFailures = 1000, 50
	mostExamples                = 5
	mostPlaces                  = 5 // nodes and hosts of a group
	// mostMessage and mostTraceback bound texts, in bytes.
	mostMessage, mostTraceback = 1000, 4000
)

// failures groups attempts by what happened in which task.
type failures struct {
	groups map[reason]*group
	others int
}

// reason is what attempts of a group share; of a node whose task is not known, place
// is the node.
type reason struct {
	status, kind, name, place string
}

type group struct {
	Failure
	hosts, nodes map[string]int
}

func (f *failures) add(a *task.Attempt) {
	node := cmp.Or(a.Failure.Node, a.Node)
	why := reason{a.Status, string(a.Failure.Cause), a.Failure.Type, cmp.Or(a.Identifier, node)}
	g := f.groups[why]
	if g == nil {
		if len(f.groups) >= knownFailures {
			f.others++
			return
		}
		g = &group{Failure: Failure{
			Status: why.status, Cause: why.kind, Type: why.name, Task: a.Identifier,
			Message: head(a.Failure.Message, mostMessage), Traceback: tail(a.Failure.Traceback, mostTraceback), Advice: head(a.Failure.Advice, mostMessage),
			First: a.Ended, Last: a.Ended,
		}, hosts: map[string]int{}, nodes: map[string]int{}}
		if f.groups == nil {
			f.groups = map[reason]*group{}
		}
		f.groups[why] = g
	}
	g.Count++
	if a.Ended.Before(g.First) {
		g.First = a.Ended
	}
	if a.Ended.After(g.Last) {
		g.Last = a.Ended
	}
	if len(g.Examples) < mostExamples {
		g.Examples = append(g.Examples, example(a))
	}
	countPlace(g.hosts, a.Host)
	countPlace(g.nodes, node)
}

// knownPlaces bounds the nodes and the hosts of a group.
const knownPlaces = 1000

func countPlace(places map[string]int, name string) {
	if name != "" && (len(places) < knownPlaces || places[name] > 0) {
		places[name]++
	}
}

func (f *failures) data() (list []Failure, others int) {
	list, others = make([]Failure, 0, len(f.groups)), f.others
	for _, g := range f.groups {
		for _, name := range mostFrequent(g.hosts) {
			g.Hosts = append(g.Hosts, HostCount{name, g.hosts[name]})
		}
		for _, name := range mostFrequent(g.nodes) {
			g.Nodes = append(g.Nodes, NodeCount{name, g.nodes[name]})
		}
		g.MoreNodes = len(g.nodes) - len(g.Nodes)
		list = append(list, g.Failure)
	}
	slices.SortFunc(list, func(a, b Failure) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Status, b.Status), cmp.Compare(a.Cause, b.Cause), cmp.Compare(a.Type, b.Type), cmp.Compare(a.Task, b.Task), cmp.Compare(a.where(), b.where()))
	})
	for _, g := range list[min(len(list), mostFailures):] {
		others += g.Count
	}
	return list[:min(len(list), mostFailures)], others
}

func mostFrequent(places map[string]int) []string {
	names := slices.Sorted(maps.Keys(places))
	slices.SortStableFunc(names, func(a, b string) int { return cmp.Compare(places[b], places[a]) })
	return names[:min(len(names), mostPlaces)]
}

// where names the nodes of a group, as far as that is short.
func (f *Failure) where() string {
	switch len(f.Nodes) + f.MoreNodes {
	case 0:
		return ""
	case 1:
		return f.Nodes[0].Node
	}
	return fmt.Sprintf("%d nodes", len(f.Nodes)+f.MoreNodes)
}

// head cuts the end of a text, tail its beginning, which of a traceback says least.
func head(text string, most int) string {
	if len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most], "") + "..."
}

func tail(text string, most int) string {
	if len(text) <= most {
		return text
	}
	return "..." + strings.ToValidUTF8(text[len(text)-most:], "")
}
