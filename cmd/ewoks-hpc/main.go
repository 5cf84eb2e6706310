// Command ewoks-hpc runs ewoks workflows on this machine and on Slurm clusters.
package main

import (
	"os"

	"github.com/ewoks-hpc/ewoks-hpc/internal/cli"
)

var version = "dev" // set by the build

func main() { os.Exit(cli.Main(os.Args, version)) }
