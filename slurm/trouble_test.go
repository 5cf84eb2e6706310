package slurm

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"os/exec"
	"strings"
	"testing"
	"time"
)

func logTo(w io.Writer) *slog.Logger { return slog.New(slog.NewTextHandler(w, nil)) }

// onWrite calls itself with what is written to it.
type onWrite func(string)

func (f onWrite) Write(p []byte) (int, error) {
	f(string(p))
	return len(p), nil
}

// TestControllerInTrouble freezes and kills slurmctld, so its parts run in turn.
func TestControllerInTrouble(t *testing.T) {
	t.Parallel()
	s := newSite(t, "JobCompType=jobcomp/none")
	if _, err := s.Probe(t.Context()); err != nil {
		t.Fatal(err)
	}
	run := func(name string, test func(*testing.T, site)) {
		t.Run(name, func(t *testing.T) { test(t, s) })
	}
	run("a lost answer", testLostAnswer)
	run("a killed client", testKilledClient)
	run("nothing arrived", testNothingArrived)
	run("controller down", testControllerDown)
	run("no history", testNoHistory)
}

func testLostAnswer(t *testing.T, s site) {
	waken := func(line string) {
		if strings.Contains(line, "got lost") {
			if err := s.cluster.ContController(); err != nil {
				t.Error(err)
			}
		}
	}
	var log strings.Builder
	cli := s.with(Options{Logger: logTo(io.MultiWriter(&log, onWrite(waken)))})
	sub := job(t, 2, "sleep 60")
	if err := s.cluster.StopController(); err != nil {
		t.Fatal(err)
	}
	id := mustSubmit(t, cli, sub)
	if !strings.Contains(log.String(), "Socket timed out") {
		t.Errorf("the submission was not ambiguous at all: %s", log.String())
	}
	for _, job := range waitJobs(t, cli, sub.Name, "running", all(2, Running)) {
		if job.ID != id {
			t.Errorf("another job of that name: %+v, want only array %s", job, id)
		}
	}
}

func testKilledClient(t *testing.T, s site) {
	if err := s.cluster.StopController(); err != nil {
		t.Fatal(err)
	}
	sub := job(t, 1, "sleep 60")
	ctx, cancel := context.WithTimeout(t.Context(), time.Second) // sbatch is killed in the midst
	defer cancel()
	if id, err := s.with(Options{}).Submit(ctx, sub); !errors.Is(err, ErrAmbiguous) || errors.Is(err, ErrTransient) {
		t.Fatalf("got %q, %v, want ErrAmbiguous", id, err)
	}
	if err := s.cluster.ContController(); err != nil {
		t.Fatal(err)
	}
	id, found, err := s.Adopt(t.Context(), sub.Name) // as after a restart
	if err != nil || !found {
		t.Fatalf("adopted %q, %v, %v", id, found, err)
	}
	waitJobs(t, s.CLI, sub.Name, "running once", func(jobs []Job) bool { return all(1, Running)(jobs) && jobs[0].ID == id })
}

// testNothingArrived kills sbatch before it could say anything: Submit looks long
// enough and then says that another try is safe.
func testNothingArrived(t *testing.T, s site) {
	sub := job(t, 1, "true")
	began := time.Now()
	cli := s.with(Options{SubmitTimeout: time.Nanosecond})
	_, err := cli.Submit(t.Context(), sub)
	if !errors.Is(err, ErrTransient) || errors.Is(err, ErrAmbiguous) {
		t.Errorf("got %v, want ErrTransient", err)
	}
	if took := time.Since(began); took < 4*time.Second {
		t.Errorf("concluded after %v, sooner than twice the MessageTimeout", took)
	}
	snapshot, err := cli.List(t.Context(), []string{sub.Name, "never-submitted"})
	if err != nil || !snapshot.Complete || len(snapshot.Jobs) > 0 {
		t.Errorf("unknown names are listed as %+v, %v", snapshot, err)
	}
}

func testControllerDown(t *testing.T, s site) {
	s.cluster.KillController()
	sub := job(t, 1, "true")
	var e *Error
	if _, err := s.Submit(t.Context(), sub); !errors.Is(err, ErrTransient) || !errors.As(err, &e) || e.Hint() == "" {
		t.Errorf("submit: %v, want ErrTransient with a hint", err)
	}
	if snapshot, err := s.List(t.Context(), []string{sub.Name}); !errors.Is(err, ErrTransient) || snapshot.Complete {
		t.Errorf("list: %+v, %v, want ErrTransient and nothing to conclude", snapshot, err)
	}
	if err := s.Cancel(t.Context(), []string{"1"}, CancelOptions{}); !errors.Is(err, ErrTransient) {
		t.Errorf("cancel: %v, want ErrTransient", err)
	}
	if err := s.cluster.StartController(); err != nil {
		t.Fatal(err)
	}
	mustSubmit(t, s.CLI, sub)
	waitJobs(t, s.CLI, sub.Name, "ended", all(1, Ended))
}

func testNoHistory(t *testing.T, s site) {
	if _, err := exec.LookPath("sacct"); err != nil {
		t.Skip("SKIPPED: no sacct")
	}
	_, err := s.History(t.Context(), []Job{{ID: "1", RawID: "1", Name: "x", State: Running}})
	if !errors.Is(err, ErrUnsupported) {
		t.Errorf("got %v, want ErrUnsupported", err)
	}
}
