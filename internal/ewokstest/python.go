package ewokstest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

// RequireEnv, set to "require", turns the skipping of tests for lack of Python
// packages into a failure; continuous integration sets it.
const RequireEnv = "EWOKS_HPC_TEST_PYTHON"

// Root returns the folder of the repository.
func Root() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for ; dir != "/"; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
	}
	return "", fmt.Errorf("no go.mod above the working directory")
}

// Venv returns the virtual environment of the repository, with ewokscore, numpy
// and matplotlib. Without it the test is skipped, or fails, see [RequireEnv].
func Venv(t testing.TB) string {
	t.Helper()
	venv, err := FindVenv()
	if err == nil {
		return venv
	}
	if os.Getenv(RequireEnv) == "require" {
		t.Fatal(err)
	}
	t.Skipf("SKIPPED %s: %v (%s=require makes this a failure)", t.Name(), err, RequireEnv)
	return ""
}

// FindVenv returns the virtual environment of the repository, or what is wrong
// with it.
func FindVenv() (string, error) { return venv() }

var venv = sync.OnceValues(func() (string, error) {
	root, err := Root()
	if err != nil {
		return "", err
	}
	dir := filepath.Join(root, ".venv")
	cmd := exec.Command(filepath.Join(dir, "bin", "python3"), "-c", "import ewokscore, numpy, matplotlib")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%s has no ewokscore, numpy and matplotlib (make python): %w\n%s", dir, err, out)
	}
	return dir, nil
})

// BareVenv makes a virtual environment in dir that has nothing but the standard
// library.
func BareVenv(t testing.TB, dir string) {
	t.Helper()
	if out, err := exec.Command("python3", "-m", "venv", "--without-pip", dir).CombinedOutput(); err != nil {
		t.Fatalf("python3 -m venv: %v\n%s", err, out)
	}
}
