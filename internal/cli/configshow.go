package cli

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"text/tabwriter"

	"github.com/urfave/cli/v3"

	"github.com/ewoks-hpc/ewoks-hpc/config"
)

func newConfig(s Streams) *cli.Command {
	show := &cli.Command{
		Name:  "show",
		Usage: "print every value and where it came from",
		Description: `Flags beat the environment (EWOKS_HPC_QUEUE=...), which beats ewoks-hpc.toml in
the current directory or above it, which beats the user's
$XDG_CONFIG_HOME/ewoks-hpc/ewoks-hpc.toml. Files hold top-level keys and
[pool.NAME] tables.` + exitHelp,
		Flags: append(clusterFlags(), outputFlag()),
		Action: func(_ context.Context, cmd *cli.Command) error {
			asJSON, err := wantsJSON(cmd)
			if err != nil {
				return err
			}
			if err := noArguments(cmd); err != nil {
				return err
			}
			c, err := loadConfig(cmd)
			if err != nil {
				return err
			}
			if asJSON {
				return printJSON(s.Out, configRows(c))
			}
			w := tabwriter.NewWriter(s.Out, 0, 0, 2, ' ', 0)
			fmt.Fprintln(w, "POOL\tKEY\tVALUE\tORIGIN")
			for _, row := range c.Describe() {
				fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", cmp.Or(row.Pool, "-"), row.Key, valueText(row.Raw), row.Origin)
			}
			return w.Flush()
		},
	}
	return &cli.Command{
		Name: "config", Usage: "look at the configuration", Commands: []*cli.Command{show},
		Action: func(_ context.Context, cmd *cli.Command) error {
			return usageError{fmt.Errorf("config needs a subcommand"), "ewoks-hpc config show"}
		},
	}
}

// configRow is a value of the configuration, as JSON has it.
type configRow struct {
	Pool   string `json:"pool,omitempty"`
	Key    string `json:"key"`
	Value  any    `json:"value"`
	Origin string `json:"origin"`
}

func configRows(c *config.Config) []configRow {
	rows := []configRow{}
	for _, r := range c.Describe() {
		rows = append(rows, configRow{r.Pool, r.Key, r.Raw, r.Origin})
	}
	return rows
}

// valueText writes a value as it could stand in a file.
func valueText(raw any) string {
	b, err := json.Marshal(raw)
	if err != nil {
		return fmt.Sprint(raw)
	}
	return string(b)
}
