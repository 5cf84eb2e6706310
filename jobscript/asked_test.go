package jobscript_test

import (
	"testing"

	"github.com/ewoks-hpc/ewoks-hpc/jobscript"
)

func TestAsked(t *testing.T) {
	const script = "#!/bin/bash\n\n#SBATCH --partition=gpu,short\n# --time=1\n#SBATCH -t 00:20:00\n#SBATCH --exclusive\n" +
		"#SBATCH --output=\"/a b/%x.log\"\n#SBATCH --mem 1G --nodes=2\n\nexec x\n#SBATCH --account=late\n"
	for name, want := range map[string]string{"partition": "gpu,short", "time": "00:20:00", "exclusive": "", "output": "/a b/%x.log", "mem": "1G", "nodes": "2"} {
		if got, ok := jobscript.Asked(script, name); !ok || got != want {
			t.Errorf("%s: %q %v, want %q", name, got, ok, want)
		}
	}
	for _, name := range []string{"account", "qos"} {
		if got, ok := jobscript.Asked(script, name); ok {
			t.Errorf("%s: %q is not asked for", name, got)
		}
	}
}
