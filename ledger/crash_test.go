package ledger_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/campaign"
	"github.com/ewoks-hpc/ewoks-hpc/ledger"
)

// victim names the ledger that this process is to write until it is killed.
const victim = "EWOKS_HPC_TEST_LEDGER"

func TestMain(m *testing.M) {
	if path := os.Getenv(victim); path != "" {
		fmt.Fprintln(os.Stderr, work(path))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// work goes through the rows, and prints the number of each once it is recorded.
func work(path string) error {
	ctx := context.Background()
	l, err := ledger.Open(ctx, path, ledger.Options{})
	if err != nil {
		return err
	}
	if _, err := l.Recover(ctx, nil); err != nil {
		return err
	}
	for {
		next, err := l.Next(ctx, 20)
		if err != nil || len(next) == 0 {
			return errors.Join(err, errors.New("nothing is left to do"))
		}
		var starts []ledger.Start
		var results []ledger.Result
		for _, in := range next {
			id := strconv.Itoa(os.Getpid()) + "-" + strconv.Itoa(in.Number)
			starts = append(starts, ledger.Start{Number: in.Number, Run: id, At: time.Now()})
			results = append(results, ledger.Result{Number: in.Number, Run: id, State: campaign.Done, Outputs: fmt.Appendf(nil, "%d", in.Number), Ended: time.Now()})
		}
		if _, err := l.Begin(ctx, starts...); err != nil {
			return err
		}
		if _, err := l.Finish(ctx, results...); err != nil {
			return err
		}
		for _, in := range next {
			fmt.Println(in.Number)
		}
	}
}

// TestKilled kills a program that writes, again and again, at random moments:
// what it was told to be recorded is there.
func TestKilled(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	const rows = 20_000
	l := create(t, items(rows))
	path := l.Path()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	acknowledged := map[int]bool{}
	for range 8 {
		killSoon(t, path, rng, acknowledged)
	}
	l, err := ledger.Open(t.Context(), path, ledger.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for number := range acknowledged {
		if r := row(t, l, number); r.State != campaign.Done || string(r.Outputs) != strconv.Itoa(number) {
			t.Fatalf("seed %d: row %d was acknowledged and is %+v", seed, number, r)
		}
	}
	got := counts(t, l)
	if got.Total() != rows || got.Done < len(acknowledged) || len(acknowledged) == 0 {
		t.Errorf("seed %d: %d acknowledged, %+v", seed, len(acknowledged), got)
	}
	if n, err := l.Recover(t.Context(), nil); err != nil || n != got.Running || n > 20 {
		t.Errorf("seed %d: recovered %d of %d, %v", seed, n, got.Running, err)
	}
	t.Logf("%d acknowledged, %d done", len(acknowledged), got.Done)
}

// killSoon lets a program write some rows, and kills it a moment later.
func killSoon(t *testing.T, path string, rng *rand.Rand, acknowledged map[int]bool) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), victim+"="+path)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Wait()
	defer cmd.Process.Kill()
	lines := bufio.NewScanner(out)
	for n := rng.IntN(200); n >= 0 && lines.Scan(); n-- {
		acknowledge(t, lines.Text(), acknowledged)
	}
	time.AfterFunc(time.Duration(rng.IntN(5000))*time.Microsecond, func() { cmd.Process.Kill() })
	for lines.Scan() {
		acknowledge(t, lines.Text(), acknowledged)
	}
}

func acknowledge(t *testing.T, line string, acknowledged map[int]bool) {
	number, err := strconv.Atoi(line)
	if err != nil {
		t.Errorf("printed %q", line)
		return
	}
	acknowledged[number] = true
}

// TestFull fills the ledger up to its limit: the error says so, what was recorded
// stays, and it goes on once there is room.
func TestFull(t *testing.T) {
	testFull(t, filepath.Join(t.TempDir(), "c.db"), ledger.Options{MaxBytes: 400 << 10})
}

func testFull(t *testing.T, path string, o ledger.Options) {
	l, err := ledger.Create(t.Context(), path, ledger.Header{}, o)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if _, err := l.AddRows(t.Context(), items(500)); err != nil {
		t.Fatal(err)
	}
	full := 0
	for number := 0; number < 500 && full == 0; number++ {
		_, err := l.Begin(t.Context(), ledger.Start{Number: number, Run: run(number, 1)})
		r := result(number, 1, campaign.Done)
		r.Outputs = fmt.Appendf(nil, "%q", fmt.Sprintf("%01000d", number))
		if err == nil {
			_, err = l.Finish(t.Context(), r)
		}
		if err == nil {
			continue
		}
		full = number
		var hinted interface{ Hint() string }
		if !errors.Is(err, ledger.ErrFull) || !errors.As(err, &hinted) || hinted.Hint() == "" {
			t.Errorf("row %d: %v", number, err)
		}
	}
	if full == 0 {
		t.Fatal("the disk was never full")
	}
	if got := counts(t, l); got.Done != full {
		t.Errorf("%d rows were acknowledged, %+v", full, got)
	}
	l.Close()
	if l, err = ledger.Open(t.Context(), path, ledger.Options{}); err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if got := counts(t, l); got.Done != full {
		t.Errorf("%d rows were acknowledged, after opening %+v", full, got)
	}
	if o.MaxBytes == 0 {
		return
	}
	if _, err := l.Recover(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	begin(t, l, 2, full)
	finishAll(t, l, result(full, 2, campaign.Done))
}

// disk names a folder on a small disk of its own.
const disk = "EWOKS_HPC_TEST_DISK"

// TestFullDisk is TestFull on a file system that is full, in a process that may
// mount one.
func TestFullDisk(t *testing.T) {
	if dir := os.Getenv(disk); dir != "" {
		testFull(t, filepath.Join(dir, "c.db"), ledger.Options{})
		return
	}
	dir := t.TempDir()
	if out, err := exec.Command("unshare", "-Urm", "mount", "-t", "tmpfs", "none", dir).CombinedOutput(); err != nil {
		t.Skipf("no file system can be mounted here: %v %s", err, out)
	}
	cmd := exec.Command("unshare", "-Urm", "sh", "-c", `mount -t tmpfs -o size=700k none "$1" && exec "$0" -test.v -test.run '^TestFullDisk$'`, os.Args[0], dir)
	cmd.Env = append(os.Environ(), disk+"="+dir)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	t.Logf("%s", out)
}
