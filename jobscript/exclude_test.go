package jobscript_test

import (
	"slices"
	"testing"

	"github.com/ewoks-hpc/ewoks-hpc/jobscript"
	"github.com/ewoks-hpc/ewoks-hpc/templates"
)

// What the user excludes stays excluded: sbatch takes the last --exclude only.
func TestExcluding(t *testing.T) {
	for name, test := range map[string]struct {
		extra, nodes []string
		want         string
	}{
		"ours":             {nil, []string{"n2", "n3"}, "--exclude=n2,n3"},
		"beside the users": {[]string{"--exclude=big[1-4]"}, []string{"n2"}, "--exclude=big[1-4],n2"},
		"short option":     {[]string{"-x n9"}, []string{"n2"}, "--exclude=n9,n2"},
		"none":             {[]string{"-x n9"}, nil, "n9"},
	} {
		p := jobscript.Pool{JobExtraDirectives: test.extra}.Excluding(test.nodes)
		script, err := jobscript.Render(p, jobscript.Worker{Binary: "/b", AccessFile: "/a", LaunchKey: "k", Dir: "/d"}, templates.FS())
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if last := script.Args[len(script.Args)-1]; last != test.want {
			t.Errorf("%s: the last option is %s, want %s", name, last, test.want)
		}
		if !slices.Equal(p.JobExtraDirectives[:len(test.extra)], test.extra) {
			t.Errorf("%s: the directives of the user became %q", name, p.JobExtraDirectives)
		}
	}
}
