package cli

import (
	"context"
	"errors"

	"github.com/urfave/cli/v3"

	"github.com/ewoks-hpc/ewoks-hpc/app"
)

// exitCode is the only place where errors become exit codes.
func exitCode(err error) int {
	var usage usageError
	var invalid *app.InvalidError
	var remote remoteError
	var parsing cli.ExitCoder // of the package that parses the command line
	switch {
	case errors.As(err, &remote):
		return remote.code
	case errors.As(err, &usage), errors.As(err, &invalid), errors.As(err, &parsing):
		return exitUsage
	case errors.Is(err, context.Canceled):
		return exitInterrupted
	default:
		return exitInfra
	}
}
