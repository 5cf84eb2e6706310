package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/urfave/cli/v3"

	"github.com/ewoks-hpc/ewoks-hpc/app"
)

func newScale(s Streams) *cli.Command {
	return &cli.Command{
		Name:  "scale",
		Usage: "change the number of worker jobs of a cluster",
		Description: `Give --jobs for a fixed number, or --max-jobs, and perhaps --min-jobs, for one that
adapts to the tasks that wait. With fewer jobs, queued ones are cancelled first, then
idle workers end; busy ones finish what they have.` + exitHelp,
		Flags: append(reachFlags(),
			&cli.IntFlag{Name: "jobs", Usage: "number (`N`) of worker jobs"},
			&cli.IntFlag{Name: "min-jobs", Usage: "fewest (`N`) worker jobs, with --max-jobs; default: 0"},
			&cli.IntFlag{Name: "max-jobs", Usage: "most (`N`) worker jobs"},
			&cli.StringFlag{Name: "pool", Usage: "`NAME` of the pool"},
			outputFlag(), quietFlag(errorsOnly),
		),
		Action: func(ctx context.Context, cmd *cli.Command) error {
			if err := noArguments(cmd); err != nil {
				return err
			}
			if _, err := wantsJSON(cmd); err != nil {
				return err
			}
			request, err := scaleRequest(cmd)
			if err != nil {
				return err
			}
			client, err := reach(ctx, cmd)
			if err != nil {
				return err
			}
			defer client.Close()
			if err := client.Call(ctx, "scale", request, nil); err != nil {
				return err
			}
			what := "cluster " + cmd.String("cluster")
			if request.Pool != "" {
				what += ", pool " + request.Pool
			}
			return say(cmd, s, request, fmt.Sprintf("%s: %s wanted", what, wanted(request)))
		},
	}
}

func scaleRequest(cmd *cli.Command) (r app.ScaleRequest, err error) {
	if err := oneSize(cmd); err != nil {
		return r, err
	}
	if !cmd.IsSet("jobs") && !cmd.IsSet("max-jobs") {
		return r, usageError{errors.New("neither --jobs nor --max-jobs"), "give --jobs for a fixed number, or --min-jobs and --max-jobs for one that adapts"}
	}
	r = app.ScaleRequest{Pool: cmd.String("pool"), Jobs: cmd.Int("jobs"), MinJobs: cmd.Int("min-jobs"), MaxJobs: cmd.Int("max-jobs")}
	switch {
	case r.Jobs < 0 || r.Jobs > mostJobs:
		return r, usageError{fmt.Errorf("--jobs %d", r.Jobs), fmt.Sprintf("give a number of worker jobs up to %d", mostJobs)}
	case cmd.IsSet("max-jobs") && (r.MaxJobs < 1 || r.MaxJobs > mostJobs):
		return r, usageError{fmt.Errorf("--max-jobs %d", r.MaxJobs), fmt.Sprintf("give a number of worker jobs from 1 to %d", mostJobs)}
	case r.MinJobs < 0 || r.MinJobs > r.MaxJobs:
		return r, usageError{fmt.Errorf("--min-jobs %d", r.MinJobs), "give a number from 0 to that of --max-jobs"}
	}
	return r, nil
}

func wanted(r app.ScaleRequest) string {
	if r.MaxJobs > 0 {
		return fmt.Sprintf("%d to %s", r.MinJobs, count(r.MaxJobs, "worker job", "worker jobs"))
	}
	return count(r.Jobs, "worker job", "worker jobs")
}
