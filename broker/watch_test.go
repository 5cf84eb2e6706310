package broker_test

import (
	"context"
	"os"
	"testing"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/broker"
)

func TestOnDisconnect(t *testing.T) {
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	server, err := broker.Start(broker.ServerOptions{Name: "test", Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	names := make(chan string, 10)
	if err := server.OnDisconnect(func(name string) { names <- name }); err != nil {
		t.Fatal(err)
	}
	if err := server.Grant("L", 1); err != nil {
		t.Fatal(err)
	}
	access, err := broker.ReadAccess(broker.JobAccess(broker.KeysDir(dir), "L-0"))
	if err != nil {
		t.Fatal(err)
	}
	conn, err := broker.Connect(context.Background(), access, broker.ConnectOptions{Name: "worker w1"})
	if err != nil {
		t.Fatal(err)
	}
	conn.Close()
	select {
	case name := <-names:
		if name != "worker w1" {
			t.Errorf("told of %q", name)
		}
	case <-time.After(10 * time.Second):
		t.Error("nobody was told that the connection ended")
	}
}
