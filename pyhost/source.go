package pyhost

import (
	"embed"
	"encoding/binary"
	"encoding/json"
	"slices"
)

//go:embed python/*.py
var sources embed.FS

// modules are in the order in which each can import those before it.
var modules = []string{"wire", "values", "ewoks", "tasks", "conditions", "capture", "memory", "host", "keeper", "start"}

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
	// Prepare is data for multiprocessing.spawn.prepare.
	Prepare json.RawMessage `json:"prepare,omitempty"`
}

// firstMessage is what the bootstrap reads: its length, then the modules and
// the role as JSON.
func firstMessage(r role) []byte {
	return message(map[string]any{"modules": modulesWith(), "config": r})
}

// CallerMessage is what a Python process that takes part reads first: the same
// modules, and those that only it needs.
func CallerMessage() []byte {
	return message(map[string]any{"modules": modulesWith("caller")})
}

// modulesWith lists modules with their source.
func modulesWith(more ...string) (list [][2]string) {
	for _, name := range slices.Concat(modules, more) {
		list = append(list, [2]string{name, source(name)})
	}
	return list
}

// message is the length of a JSON text, and the text.
func message(content map[string]any) []byte {
	body, err := json.Marshal(content)
	if err != nil {
		panic(err) // strings and numbers only
	}
	return append(binary.BigEndian.AppendUint32(nil, uint32(len(body))), body...)
}
