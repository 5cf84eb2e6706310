package dashboard

import (
	"encoding/json"
	"flag"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/task"
)

var update = flag.Bool("update", false, "write schema/api.schema.json")

const schemaFile = "schema/api.schema.json"

// schemas makes JSON schemas of Go types as encoding/json writes them.
type schemas map[string]any

func (s schemas) of(t reflect.Type) map[string]any {
	switch {
	case t == reflect.TypeFor[time.Time]():
		return map[string]any{"type": "string", "format": "date-time"}
	case t == reflect.TypeFor[time.Duration]():
		return map[string]any{"type": "integer", "description": "nanoseconds"}
	}
	switch t.Kind() {
	case reflect.Bool:
		return map[string]any{"type": "boolean"}
	case reflect.String:
		return map[string]any{"type": "string"}
	case reflect.Float64:
		return map[string]any{"type": "number"}
	case reflect.Uint64:
		return map[string]any{"type": "integer", "minimum": 0}
	case reflect.Int, reflect.Int64:
		return map[string]any{"type": "integer"}
	case reflect.Array:
		return map[string]any{"type": "array", "items": s.of(t.Elem()), "minItems": t.Len(), "maxItems": t.Len()}
	case reflect.Slice:
		return map[string]any{"type": "array", "items": s.of(t.Elem())}
	case reflect.Map:
		return map[string]any{"type": "object", "additionalProperties": s.of(t.Elem())}
	case reflect.Pointer:
		return s.of(t.Elem())
	case reflect.Struct:
		return s.object(t)
	}
	panic("no schema for " + t.String())
}

func (s schemas) object(t reflect.Type) map[string]any {
	reference := map[string]any{"$ref": "#/$defs/" + t.Name()}
	if _, known := s[t.Name()]; known {
		return reference
	}
	s[t.Name()] = nil
	properties, required := map[string]any{}, []string{}
	for _, f := range fieldsOf(t) {
		name := strings.Trim(f.prefix, `":`)
		properties[name] = s.of(t.FieldByIndex(f.index).Type)
		if !f.omit {
			required = append(required, name)
		}
	}
	s[t.Name()] = map[string]any{"type": "object", "properties": properties, "required": required}
	return reference
}

// TestSchemaIsThatOfTheAnswers holds the published schema to the types that are sent;
// go test ./dashboard -run TestSchema -update writes it.
func TestSchemaIsThatOfTheAnswers(t *testing.T) {
	defs := schemas{}
	for _, v := range []any{
		answer{}, runAnswer{}, CampaignDetail{}, RowDetail{}, pulse{}, attemptsAnswer{}, LogPart{}, sessionAnswer{}, Order{}, Ordered{}, failure{},
		board{}, runBoard{}, campaignBoard{}, tasks{}, task.Attempt{},
	} {
		defs.of(reflect.TypeOf(v))
	}
	text, err := json.MarshalIndent(map[string]any{
		"$schema": "https://json-schema.org/draft/2020-12/schema",
		"title":   "Answers of the dashboard's API; docs/dashboard.md says which path gives which of $defs",
		"$defs":   defs,
	}, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	text = append(text, '\n')
	if *update {
		if err := os.WriteFile(schemaFile, text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if have, err := os.ReadFile(schemaFile); err != nil || string(have) != string(text) {
		t.Errorf("%s is not what is sent (%v): go test ./dashboard -run TestSchema -update", schemaFile, err)
	}
}
