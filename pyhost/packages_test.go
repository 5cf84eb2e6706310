package pyhost_test

import (
	"path/filepath"
	"testing"

	"github.com/ewoks-hpc/ewoks-hpc/internal/ewokstest"
	"github.com/ewoks-hpc/ewoks-hpc/pyhost"
)

// What results may depend on is found, with its version.
func TestFindInstalled(t *testing.T) {
	python := filepath.Join(ewokstest.Venv(t), "bin", "python3")
	found, err := pyhost.FindInstalled(t.Context(), pyhost.Options{Python: []string{python}})
	if err != nil || found.Python == "" || found.Packages["ewokscore"] == "" {
		t.Errorf("%+v, %v", found, err)
	}
	if _, err := pyhost.FindInstalled(t.Context(), pyhost.Options{Python: []string{"/bin/false"}}); err == nil {
		t.Error("what is no Python was believed")
	}
}
