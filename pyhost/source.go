package pyhost

import (
	"embed"
	"encoding/binary"
	"encoding/json"
)

//go:embed python/*.py
var sources embed.FS

// modules are in the order in which each can import those before it.
var modules = []string{"wire", "values", "tasks", "conditions", "capture", "host", "start"}

func source(name string) string {
	b, err := sources.ReadFile("python/" + name + ".py")
	if err != nil {
		panic(err) // embedded: missing only if the build is broken
	}
	return string(b)
}

// role is what an interpreter is told about itself when it starts.
type role struct {
	Role    string   `json:"role"`
	Threads int      `json:"threads,omitempty"`
	Store   string   `json:"store,omitempty"`
	Preload []string `json:"preload,omitempty"`
}

// firstMessage is what the bootstrap reads: its length, then the modules and
// the role as JSON.
func firstMessage(r role) []byte {
	var list [][2]string
	for _, name := range modules {
		list = append(list, [2]string{name, source(name)})
	}
	body, err := json.Marshal(map[string]any{"modules": list, "config": r})
	if err != nil {
		panic(err) // strings and numbers only
	}
	return append(binary.BigEndian.AppendUint32(nil, uint32(len(body))), body...)
}
