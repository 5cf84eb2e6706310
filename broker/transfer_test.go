package broker

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

// randomData does not compress; its seed is printed by the caller.
func randomData(seed uint64, n int) []byte {
	data := make([]byte, n)
	r := rand.New(rand.NewPCG(seed, 1))
	for i := range data {
		data[i] = byte(r.Uint32())
	}
	return data
}

// transferSizes are sizes around the limits of a chunk, and 20 MB.
var transferSizes = []int{0, 1, chunkSize - 1, chunkSize, chunkSize + 1, 20_000_000}

func TestUploadAndDownload(t *testing.T) {
	s := startServer(t, ServerOptions{})
	launcher, client := launcherConn(t, s), connect(t, s, RoleClient, ConnectOptions{})
	uploads := NewUploads(UploadLimits{})
	stored := map[string][]byte{}
	subscribe(t, launcher, ClientSubject("upload"), func(m Msg) {
		value, done, err := uploads.Add(m.Data)
		answer := ""
		if err != nil {
			answer = "refused: " + err.Error()
		} else if done {
			answer = fmt.Sprint(len(value))
			stored[answer] = value
		}
		m.Respond([]byte(answer))
	})
	subscribe(t, launcher, ClientSubject("quit"), func(m Msg) { m.Respond(nil) })
	subscribe(t, launcher, ClientSubject("fetch"), func(m Msg) {
		m.Respond(ServeDownload(m.Data, func(id string) ([]byte, error) {
			if value, ok := stored[id]; ok {
				return value, nil
			}
			return nil, errors.New("no value " + id)
		}))
	})
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	ctx := within(t, 60*time.Second)
	for _, size := range transferSizes {
		data := randomData(seed, size)
		id, err := Upload(ctx, client, ClientSubject("upload"), data)
		if err != nil || string(id) != fmt.Sprint(size) {
			t.Fatalf("upload of %d: %q, %v", size, id, err)
		}
		back, err := Download(ctx, client, ClientSubject("fetch"), string(id))
		if err != nil || !bytes.Equal(back, data) {
			t.Fatalf("download of %d: %d bytes, %v", size, len(back), err)
		}
	}
	if len(uploads.open) != 0 || uploads.held != 0 {
		t.Errorf("%d uploads, %d bytes left over", len(uploads.open), uploads.held)
	}
	if _, err := Download(ctx, client, ClientSubject("fetch"), "none"); err == nil || !strings.Contains(err.Error(), "no value none") {
		t.Errorf("download of nothing: %v", err)
	}
}

// A refusal ends an upload at once.
func TestRefusedUpload(t *testing.T) {
	s := startServer(t, ServerOptions{})
	uploads := NewUploads(UploadLimits{Size: 1000})
	chunks := 0
	subscribe(t, launcherConn(t, s), AllClient, func(m Msg) {
		chunks++
		_, _, err := uploads.Add(m.Data)
		m.Respond([]byte(err.Error()))
	})
	client := connect(t, s, RoleClient, ConnectOptions{})
	answer, err := Upload(within(t, 20*time.Second), client, ClientSubject("upload"), randomData(1, 3*chunkSize))
	if err != nil || !strings.Contains(string(answer), "at most 1000") || chunks != 1 {
		t.Errorf("%q, %v after %d chunks", answer, err, chunks)
	}
}

func frameOf(t *testing.T, head chunk, body []byte) []byte {
	t.Helper()
	frame, err := encodeFrame(head, body)
	if err != nil {
		t.Fatal(err)
	}
	return frame
}

func packed(t *testing.T, data []byte) []byte {
	t.Helper()
	p, err := compress(data)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestUploadsRefuse(t *testing.T) {
	bomb := packed(t, make([]byte, 64<<20)) // a few KB
	if len(bomb) > chunkSize {
		t.Fatalf("bomb of %d bytes", len(bomb))
	}
	noSum := strings.Repeat("0", 64)
	for name, c := range map[string]struct {
		frame []byte
		want  string
	}{
		"nothing":       {nil, "without header"},
		"no JSON":       {[]byte("x\ny"), "header"},
		"endless line":  {bytes.Repeat([]byte("x"), 1<<20), "without header"},
		"bad id":        {frameOf(t, chunk{ID: "a b", Last: true, Size: 1}, []byte("x")), "id"},
		"negative size": {frameOf(t, chunk{ID: "a", Last: true, Size: -1}, []byte("x")), "-1"},
		"huge":          {frameOf(t, chunk{ID: "a", Size: MaxLarge + 1}, []byte("x")), "at most"},
		"middle":        {frameOf(t, chunk{ID: "a", Index: 3, Size: 10}, []byte("x")), "unknown"},
		"empty chunk":   {frameOf(t, chunk{ID: "a", Size: 10}, nil), "0 bytes"},
		"large chunk":   {frameOf(t, chunk{ID: "a", Size: MaxLarge}, make([]byte, chunkSize+1)), "chunk of"},
		"overfull":      {frameOf(t, chunk{ID: "a", Size: 10}, make([]byte, compressionSlack+11)), "announced"},
		"bomb":          {frameOf(t, chunk{ID: "a", Last: true, Size: 1000, Sum: noSum}, bomb), "decompress"},
		"garbage":       {frameOf(t, chunk{ID: "a", Last: true, Size: 1000, Sum: noSum}, []byte("garbage")), "decompress"},
		"wrong sum":     {frameOf(t, chunk{ID: "a", Last: true, Size: 1, Sum: noSum}, packed(t, []byte("x"))), "checksum"},
		"wrong size":    {frameOf(t, chunk{ID: "a", Last: true, Size: 5, Sum: noSum}, packed(t, []byte("x"))), "size"},
	} {
		t.Run(name, func(t *testing.T) {
			u := NewUploads(UploadLimits{})
			value, done, err := u.Add(c.frame)
			if err == nil || done || value != nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, %v; want an error with %q", done, err, c.want)
			}
			if len(u.open) != 0 || u.held != 0 {
				t.Errorf("%d uploads, %d bytes left over", len(u.open), u.held)
			}
		})
	}
}

func TestUploadLimits(t *testing.T) {
	now := time.Now()
	u := NewUploads(UploadLimits{Open: 2, Held: 1000, Idle: time.Minute})
	u.now = func() time.Time { return now }
	add := func(id string, index, size int) error {
		_, _, err := u.Add(frameOf(t, chunk{ID: id, Index: index, Size: 5000}, make([]byte, size)))
		return err
	}
	expect := func(what string, err error, want string) {
		t.Helper()
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", what, err, want)
		}
	}
	expect("first", add("a", 0, 400), "")
	expect("second", add("b", 0, 400), "")
	expect("third", add("c", 0, 1), "under way already")
	expect("repeated chunk", add("b", 0, 1), "chunk 0 where 1")
	expect("after its end", add("b", 1, 1), "unknown")
	expect("too much in all", add("c", 0, 700), "hold 400")
	now = now.Add(59 * time.Second)
	expect("a goes on", add("a", 1, 100), "")
	now = now.Add(59 * time.Second)
	expect("a goes on", add("a", 2, 100), "")
	now = now.Add(61 * time.Second)
	expect("forgotten", add("a", 3, 100), "unknown")
	expect("room again", add("d", 0, 1000), "")
	if u.held != 1000 || len(u.open) != 1 {
		t.Errorf("%d bytes in %d uploads", u.held, len(u.open))
	}
}

func TestServeDownloadRefuses(t *testing.T) {
	find := func(id string) ([]byte, error) { return []byte("value"), nil }
	for request, want := range map[string]string{
		`x`:                         "request",
		`{"id":""}`:                 "id has 0",
		`{"id":"a","offset":-1}`:    "offset -1",
		`{"id":"a","offset":6}`:     "offset 6",
		`{"id":"a","offset":1e300}`: "request",
	} {
		if _, _, err := decodeSlice(ServeDownload([]byte(request), find), 0); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", request, err, want)
		}
	}
	long := func(string) ([]byte, error) { return nil, errors.New(strings.Repeat("\x01", 10_000)) }
	if _, _, err := decodeSlice(ServeDownload([]byte(`{"id":"a"}`), long), 0); err == nil || !strings.Contains(err.Error(), "\x01") {
		t.Errorf("long reason: %v", err)
	}
}
