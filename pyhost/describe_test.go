package pyhost

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ewoks-hpc/ewoks-hpc/internal/ewokstest"
)

func TestDescribe(t *testing.T) {
	ask := func(python ...string) (Description, error) {
		return Describe(t.Context(), Options{Python: python, Dir: t.TempDir(), Env: []string{"PATH=" + os.Getenv("PATH")}})
	}
	bare := filepath.Join(t.TempDir(), "bare")
	ewokstest.BareVenv(t, bare)
	d, err := ask(filepath.Join(bare, "bin", "python3"))
	if err != nil || !strings.HasPrefix(d.Executable, bare) || !strings.HasPrefix(d.Version, "3.") || d.TooOld {
		t.Errorf("%+v %v", d, err)
	}
	if d.Ewokscore != "" || !strings.Contains(d.Trouble, "ewokscore") {
		t.Errorf("without ewokscore: %+v", d)
	}
	full, err := ask(filepath.Join(ewokstest.Venv(t), "bin", "python3"))
	if err != nil || full.Trouble != "" || !strings.Contains(full.Ewokscore, ".") {
		t.Errorf("with ewokscore: %+v %v", full, err)
	}
	for _, program := range []string{"/bin/true", "/bin/false", "/bin/echo", "/nonexistent"} {
		if d, err := ask(program); err == nil {
			t.Errorf("%s is taken for %+v", program, d)
		}
	}
}
