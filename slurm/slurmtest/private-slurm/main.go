// Command private-slurm runs a private Slurm cluster for manual trials:
//
//	go run ./slurm/slurmtest/private-slurm
//
// It prints the line that makes a shell use the cluster, and ends the cluster when it
// is interrupted or its standard input ends.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/ewoks-hpc/ewoks-hpc/slurm/slurmtest"
)

func main() {
	var opts slurmtest.Options
	flag.IntVar(&opts.Nodes, "nodes", 3, "number of nodes")
	flag.IntVar(&opts.CPUs, "cpus", 4, "CPUs per node, whatever this machine has")
	add := func(to *[]string) func(string) error {
		return func(line string) error { *to = append(*to, line); return nil }
	}
	flag.Func("conf", "further slurm.conf `line`, may be repeated", add(&opts.Conf))
	flag.Func("partition", "further PartitionName= `line`, may be repeated", add(&opts.Partitions))
	flag.Parse()
	if err := run(opts); err != nil {
		fmt.Fprintln(os.Stderr, "private-slurm:", err)
		os.Exit(1)
	}
}

func run(opts slurmtest.Options) error {
	ended := make(chan os.Signal, 1)
	signal.Notify(ended, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	cluster, err := slurmtest.New(opts)
	if err != nil {
		return err
	}
	for _, variable := range cluster.Env() {
		fmt.Println("export", variable)
	}
	closed := make(chan struct{})
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		close(closed)
	}()
	select {
	case <-ended:
	case <-closed:
	}
	return cluster.Close()
}
