package broker

import (
	"context"
	"fmt"
	"testing"

	"github.com/nats-io/nats.go"
)

// BenchmarkRequest is one request and reply between a worker on TLS over TCP
// and the coordinator, connected in the ways it could be.
func BenchmarkRequest(b *testing.B) {
	s := startServer(b, ServerOptions{})
	worker := connect(b, s, RoleWorker, ConnectOptions{})
	for name, launcher := range map[string]*Conn{"pipe": launcherConn(b, s), "tls": tlsLauncher(b, s)} {
		for _, size := range []int{100, 16 << 10} {
			b.Run(fmt.Sprintf("%s/%d", name, size), func(b *testing.B) {
				unsubscribe, err := launcher.Subscribe(AllWork, func(m Msg) { m.Respond(m.Data) })
				if err != nil {
					b.Fatal(err)
				}
				defer unsubscribe()
				data := make([]byte, size)
				b.ReportAllocs()
				for b.Loop() {
					if _, err := worker.Request(context.Background(), WorkSubject(workerName, Turn), data); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

// tlsLauncher connects the launcher as if it were another process.
func tlsLauncher(b *testing.B, s *Server) *Conn {
	b.Helper()
	identity, err := identify(s.launcherSeed)
	if err != nil {
		b.Fatal(err)
	}
	trust, err := clientTLS(s.state.CAPEM)
	if err != nil {
		b.Fatal(err)
	}
	c := newConn(ConnectOptions{Name: "launcher over TLS"})
	c.nc, err = nats.Connect(s.URLs()[0], append(c.handlers(), identity, nats.Secure(trust), nats.TLSHandshakeFirst())...)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(c.Close)
	return c
}

func BenchmarkUpload20MB(b *testing.B) {
	s := startServer(b, ServerOptions{})
	uploads := NewUploads(UploadLimits{})
	subscribe(b, launcherConn(b, s), AllClient, func(m Msg) {
		_, done, err := uploads.Add(m.Data)
		if err != nil {
			b.Error(err)
		}
		if done {
			m.Respond([]byte("done"))
			return
		}
		m.Respond(nil)
	})
	client := connect(b, s, RoleClient, ConnectOptions{})
	data := randomData(1, 20_000_000)
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		if _, err := Upload(context.Background(), client, ClientSubject("upload"), data); err != nil {
			b.Fatal(err)
		}
	}
}
