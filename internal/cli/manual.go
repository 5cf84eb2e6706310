package cli

import (
	"strings"

	"github.com/urfave/cli/v3"
)

// page is what there is to say about a command, for the man page and the reference.
type page struct {
	name, usage, synopsis string
	group                 string
	text                  []block
	flags                 []flagLine
}

// block is a paragraph, or lines that stay as they are.
type block struct {
	verbatim bool
	lines    []string
}

// flagLine is a flag with its placeholder, and what it does.
type flagLine struct{ category, flag, text string }

// pages describe the visible commands, in the order of the help text.
func pages(root *cli.Command) (list []page) {
	var add func(c *cli.Command, group string)
	add = func(c *cli.Command, group string) {
		if c.Hidden || c.Name == "help" {
			return
		}
		if len(c.Commands) == 0 || c.Description != "" {
			list = append(list, describe(c, group))
		}
		for _, sub := range c.Commands {
			add(sub, group)
		}
	}
	for _, c := range root.Commands {
		add(c, c.Category)
	}
	return list
}

func describe(c *cli.Command, group string) page {
	p := page{name: c.FullName(), usage: c.Usage, group: group, text: blocks(strings.TrimSuffix(c.Description, exitHelp))}
	for _, f := range c.VisibleFlags() {
		flag, text, _ := strings.Cut(flagText(f), "\t")
		if flag == "--help, -h" {
			continue
		}
		line := flagLine{flag: flag, text: text}
		if categorized, ok := f.(cli.CategorizableFlag); ok {
			line.category = categorized.GetCategory()
		}
		p.flags = append(p.flags, line)
	}
	p.synopsis = p.name
	if len(p.flags) > 0 {
		p.synopsis += " [options]"
	}
	if c.ArgsUsage != "" {
		p.synopsis += " " + c.ArgsUsage
	}
	return p
}

// blocks takes a description apart: what is indented, or in columns, stays as it is.
func blocks(text string) (list []block) {
	for _, part := range strings.Split(strings.TrimRight(text, "\n"), "\n\n") {
		b := block{verbatim: strings.HasPrefix(part, "   ") || strings.Contains(part, "    "), lines: strings.Split(part, "\n")}
		for i := range b.lines {
			b.lines[i] = strings.TrimPrefix(b.lines[i], "   ")
		}
		if part != "" {
			list = append(list, b)
		}
	}
	return list
}

// exitCodes are those of all commands but doctor.
func exitCodes() [][2]string {
	return [][2]string{
		{"0", "all went well"}, {"1", "a task failed"}, {"2", "wrong usage, or an invalid workflow"},
		{"3", "infrastructure: Python, broker or Slurm"}, {"130", "interrupted"},
	}
}

// variables are those that commands read.
func variables() [][2]string {
	return [][2]string{
		{"EWOKS_HPC_CLUSTER", "name of the cluster; --cluster beats it"},
		{"EWOKS_HPC_STATE_DIR", "where clusters keep their state; --state-dir beats it"},
		{"EWOKS_HPC_KEY", "value of a key of the configuration, like EWOKS_HPC_QUEUE; see ewoks-hpc config show"},
		{"NO_COLOR", "no colours, if it is set and not empty"},
	}
}
