package app

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/broker"
)

// nodeReport is what a probe job saw on its node.
type nodeReport struct {
	Program string `json:"program"` // version of ewoks-hpc there
	Host    string `json:"host"`
	Dir     string `json:"dir"` // where the job started
	// Time is the node's. Ahead is how far it is ahead of the launcher's, if that
	// could be measured over the broker.
	Time  time.Time      `json:"time"`
	Ahead *time.Duration `json:"ahead,omitempty"`
	// Access says why the access file could not be read; Kind and Free are those of
	// its file system.
	Access string `json:"access,omitempty"`
	Kind   string `json:"kind,omitempty"`
	Free   int64  `json:"free,omitempty"`
	// Scratch says why there is no place for temporary files.
	Scratch string     `json:"scratch,omitempty"`
	Python  seenPython `json:"python"`
	Dialled []dialled  `json:"dialled,omitempty"`
	conn    *broker.Conn
	worker  string // its name in subjects
}

// dialled is an address of the broker, as seen from the node.
type dialled struct {
	Host  string        `json:"host"`
	Error string        `json:"error,omitempty"`
	Trip  time.Duration `json:"trip,omitempty"` // of a request and its answer
	ahead time.Duration
	conn  *broker.Conn
}

const (
	// reportLine begins the line of the job's log that holds the report.
	reportLine = "ewoks-hpc doctor-probe: "
	// answerFile holds the report, beside the access file.
	answerFile = "answer.json"
	// maxReport bounds a report, in bytes.
	maxReport = 64 << 10
	// probeProcess names the probe among the workers of its job. Its hello asks for
	// the time, its turn brings the report.
	probeProcess = "doctor"
)

// RunDoctorProbe is what the job of Doctor runs on its node: it looks around, and
// answers over the broker, through a file beside the access file, and on log, which
// is that of the job, because any of them may not be there.
func RunDoctorProbe(ctx context.Context, o WorkerOptions, version string, log io.Writer) error {
	r := look(ctx, o, version)
	text, err := json.Marshal(r)
	if err != nil {
		return err
	}
	if _, err = fmt.Fprintf(log, "%s%s\n", reportLine, text); err == nil && r.conn != nil {
		ctx, cancel := context.WithTimeout(ctx, o.DeathTimeout)
		defer cancel()
		defer r.conn.Close()
		_, err = r.conn.Request(ctx, broker.WorkSubject(r.worker, broker.Turn), text)
		return err
	}
	return errors.Join(err, writeWhole(filepath.Join(filepath.Dir(o.Access), answerFile), text))
}

// writeWhole writes all or nothing: the other side reads as soon as the file is
// there.
func writeWhole(path string, text []byte) error {
	if err := os.WriteFile(path+".part", text, 0o600); err != nil {
		return err
	}
	return os.Rename(path+".part", path)
}

func look(ctx context.Context, o WorkerOptions, version string) nodeReport {
	r := nodeReport{Program: version, Time: time.Now()}
	r.Host, _ = os.Hostname()
	r.Dir, _ = os.Getwd()
	if clean, err := scratch(o.LocalDirectory); err != nil {
		r.Scratch = err.Error()
	} else {
		defer clean()
	}
	if system, err := broker.StatFileSystem(filepath.Dir(o.Access)); err == nil {
		r.Kind, r.Free = system.Kind, system.Free
	}
	r.Python = seePython(ctx, o.Python, os.Environ(), r.Dir)
	access, err := broker.ReadAccess(o.Access)
	if err != nil {
		r.Access = err.Error()
		return r
	}
	ctx, cancel := context.WithTimeout(ctx, o.DeathTimeout)
	defer cancel()
	r.dial(ctx, access)
	return r
}

// dial tries each address by itself: a worker takes the first that works, but a
// person wants to know which do.
func (r *nodeReport) dial(ctx context.Context, access broker.Access) {
	r.worker = broker.WorkerName(access.Job, probeProcess)
	r.Dialled = make([]dialled, len(access.URLs))
	var all sync.WaitGroup
	for i, address := range access.URLs {
		all.Go(func() { r.Dialled[i] = tryAddress(ctx, access, address) })
	}
	all.Wait()
	for _, d := range r.Dialled {
		switch {
		case d.conn == nil:
		case r.conn == nil:
			r.conn, r.Ahead = d.conn, &d.ahead
		default:
			d.conn.Close()
		}
	}
}

func tryAddress(ctx context.Context, access broker.Access, address string) (d dialled) {
	if parsed, err := url.Parse(address); err == nil {
		d.Host = parsed.Hostname()
	}
	access.URLs = []string{address}
	conn, err := broker.Connect(ctx, access, broker.ConnectOptions{Name: "doctor"})
	if err == nil {
		if d.Trip, d.ahead, err = askTime(ctx, conn, broker.WorkerName(access.Job, probeProcess)); err == nil {
			d.conn = conn
			return d
		}
		conn.Close()
	}
	var failed *broker.ConnectError
	if errors.As(err, &failed) && len(failed.Failures) > 0 {
		err = cmp.Or(errors.Unwrap(failed.Failures[0]), err) // without the address
	}
	d.Error = err.Error()
	return d
}

// askTime asks the launcher for its time, several times: the fastest answer tells
// best how far this clock is ahead, to half of its trip.
func askTime(ctx context.Context, conn *broker.Conn, worker string) (trip, ahead time.Duration, err error) {
	for i := range 5 {
		sent := time.Now()
		answer, err := conn.Request(ctx, broker.WorkSubject(worker, broker.Hello), nil)
		if err != nil {
			return 0, 0, err
		}
		var there time.Time
		if err := json.Unmarshal(answer, &there); err != nil {
			return 0, 0, fmt.Errorf("time of the launcher: %w", err)
		}
		if took := time.Since(sent); i == 0 || took < trip {
			trip, ahead = took, sent.Add(took/2).Sub(there)
		}
	}
	return trip, ahead, nil
}
