package campaign

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strings"

	"github.com/ewoks-hpc/ewoks-hpc/workflow"
)

// WorkflowHash is the identity of a workflow: SHA-256 in hexadecimal of its flat
// document with sorted keys. Where an editor draws things ("uiProps" of ewoks)
// and how people call the graph (its label) do not count.
func WorkflowHash(w *workflow.Workflow) string {
	document := decode(w.AppendJSON(nil)).(map[string]any)
	drop(document, looks)
	drop(document["graph"], looks, "label")
	for _, list := range []any{document["nodes"], document["links"]} {
		items, _ := list.([]any)
		for _, item := range items {
			drop(item, looks)
		}
	}
	sum := sha256.Sum256(canonical(document))
	return hex.EncodeToString(sum[:])
}

// looks is where an editor keeps how it draws things.
const looks = "uiProps"

// drop removes keys, if v is an object.
func drop(v any, keys ...string) {
	if object, ok := v.(map[string]any); ok {
		for _, key := range keys {
			delete(object, key)
		}
	}
}

// Key is the identity of a row: a hash of the workflow and of what the row gives
// to it, 32 hexadecimal digits. The number of the row and columns that are not
// given to the workflow do not count, nor does the order of inputs and of the
// keys of objects. 1 and 1.0 differ, as they do in Python.
func Key(workflowHash string, inputs []workflow.GraphInput) string {
	lines := make([][]byte, len(inputs))
	for i := range inputs {
		value := canonicalValue(inputs[i].Value)
		id, _ := json.Marshal(inputs[i].ID)
		name, _ := json.Marshal(inputs[i].Name)
		lines[i] = bytes.Join([][]byte{id, name, value}, []byte{0})
	}
	slices.SortFunc(lines, bytes.Compare)
	hash := sha256.New()
	hash.Write([]byte(workflowHash))
	for _, line := range lines {
		hash.Write([]byte{1})
		hash.Write(line)
	}
	return hex.EncodeToString(hash.Sum(nil)[:16])
}

func canonicalValue(value json.RawMessage) []byte {
	if len(value) == 0 || strings.IndexByte(`{["`, value[0]) < 0 || value[0] == '"' && plain(string(value[1:len(value)-1])) {
		return value
	}
	return canonical(decode(value))
}

// decode keeps numbers as they are written.
func decode(data []byte) (v any) {
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	_ = decoder.Decode(&v) // it was valid when it came in
	return v
}

// canonical writes JSON with sorted keys and no white space.
func canonical(v any) []byte {
	data, _ := json.Marshal(v) // made by decode
	return data
}
