package app

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/ewoks-hpc/ewoks-hpc/dashboard"
)

// pagePortFile remembers the port of the page: who looks at it when the launcher is
// started again, perhaps through a tunnel, is told there what to do. The token is
// another one each time: others may have had the port meanwhile, and with it what
// browsers send.
const pagePortFile = "page.port"

// startServer takes the port that the page had before, if it is free.
func (c *Cluster) startServer(o dashboard.ServerOptions) (*dashboard.Server, error) {
	path := filepath.Join(c.o.StateDir, pagePortFile)
	o.Port = readPort(path)
	server := dashboard.NewServer(o)
	err := server.Start()
	if o.Port != 0 && errors.As(err, new(*dashboard.PortError)) {
		o.Port = 0
		server = dashboard.NewServer(o)
		err = server.Start()
	}
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(path, []byte(strconv.Itoa(server.Port())+"\n"), 0o600); err != nil {
		o.Logger.Warn("port of the page not remembered", "error", err)
	}
	return server, nil
}

// readPort is 0 if there is no port to be read.
func readPort(path string) int {
	text, err := os.ReadFile(path)
	if err != nil {
		return 0
	}
	port, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil || port < 1024 || port > 65535 {
		return 0
	}
	return port
}
