package coordinator_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/resource"
)

// A workflow that the cluster can never run is refused before there are rows of it.
func TestKeepDocument(t *testing.T) {
	s := newSiteOf(t, time.Second, resource.Router{Pools: []resource.Pool{
		{Name: "cpu", Capacity: resource.Capacity{Slots: 1, Cores: 8, Memory: 16 << 30}, Walltime: time.Hour},
		{Name: "gpu", Capacity: resource.Capacity{Slots: 1, Cores: 2, Memory: 64 << 30, GPUs: 1}},
	}})
	half := resource.Need{Pool: "cpu", TimeLimit: 40 * time.Minute}
	for name, c := range map[string]struct {
		needs                  []resource.Need
		wholeError, splitError string
	}{
		"nothing":              {needs: []resource.Need{{}, {}}},
		"one pool has it all":  {needs: []resource.Need{{}, {GPUs: 1}}},
		"named and chosen":     {needs: []resource.Need{{Pool: "gpu"}, {Cores: 2}}},
		"two pools":            {needs: []resource.Need{{Pool: "gpu"}, {Pool: "cpu"}}, wholeError: "node 'n1' goes to pool cpu, others to pool gpu"},
		"too much together":    {needs: []resource.Need{{GPUs: 1}, {Cores: 8}}, wholeError: "no pool can run a whole row"},
		"too long together":    {needs: []resource.Need{half, half}, wholeError: "no pool can run a whole row"},
		"too much":             {needs: []resource.Need{{}, {Cores: 9}}, wholeError: `no pool can run it: node "n1"`, splitError: `no pool can run it: node "n1"`},
		"a pool there is none": {needs: []resource.Need{{Pool: "fat"}}, wholeError: "no such pool", splitError: "no such pool"},
	} {
		for whole, want := range map[bool]string{true: c.wholeError, false: c.splitError} {
			_, err := s.now().KeepDocument(nodesOf(c.needs...), whole)
			if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
				t.Errorf("%s, whole %v: %v, want %q", name, whole, err, want)
			}
			var mistake interface{ Mistake() bool }
			var hint interface{ Hint() string }
			if err != nil && (!errors.As(err, &mistake) || !mistake.Mistake() || !errors.As(err, &hint) || hint.Hint() == "") {
				t.Errorf("%s, whole %v: %v is no mistake with a hint", name, whole, err)
			}
		}
	}
}
