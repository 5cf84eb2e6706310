package broker

import (
	"encoding/json"
	"fmt"

	"github.com/nats-io/nats.go"
)

// systemDisconnect is where the server tells of connections of our account that
// ended.
const systemDisconnect = "$SYS.ACCOUNT." + account + ".DISCONNECT"

// OnDisconnect calls f with the name of each connection that ends, as it was
// given in ConnectOptions. It may be back soon: f decides nothing by itself.
func (s *Server) OnDisconnect(f func(name string)) error {
	identity, err := identify(s.systemSeed)
	if err != nil {
		return err
	}
	c := newConn(ConnectOptions{Name: "watch", Logger: s.options.Logger})
	c.nc, err = nats.Connect("", append(c.handlers(), identity, nats.InProcessServer(s.nats))...)
	if err != nil {
		return fmt.Errorf("connect to own broker: %w", err)
	}
	if _, err := c.nc.Subscribe(systemDisconnect, func(m *nats.Msg) {
		var event struct {
			Client struct {
				Name string `json:"name"`
			} `json:"client"`
		}
		if json.Unmarshal(m.Data, &event) == nil {
			f(event.Client.Name)
		}
	}); err != nil {
		c.Close()
		return fmt.Errorf("subscribe %s: %w", systemDisconnect, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.conns = append(s.conns, c)
	return nil
}
