package dashboard

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/ewoks-hpc/ewoks-hpc/internal/ewokstest"
)

// validator holds each answer of its standard input to its definition; the last one
// must not fit, so that a validator that accepts everything is known.
const validator = `
import json, sys
from jsonschema import Draft202012Validator, FormatChecker

given = json.load(sys.stdin)
Draft202012Validator.check_schema(given["schema"])
for name, where, answer in given["answers"]:
    schema = dict(given["schema"], **{"$ref": "#/$defs/" + name})
    errors = list(Draft202012Validator(schema, format_checker=FormatChecker()).iter_errors(answer))
    if where == "wrong":
        assert errors, "the wrong answer fits"
    for e in errors[:3] if where != "wrong" else []:
        print(where, list(e.absolute_path), e.message[:300])
`

// Programs that were not written here can read the answers as the schema says.
func TestAnswersFitTheSchema(t *testing.T) {
	python := filepath.Join(ewokstest.Venv(t), "bin", "python3")
	schema, err := os.ReadFile(schemaFile)
	if err != nil {
		t.Fatal(err)
	}
	s := serveLoad(t, newLoad(8, 0, 500))
	answers := [][]any{}
	add := func(name, where, text string) { answers = append(answers, []any{name, where, json.RawMessage(text)}) }
	for path, name := range map[string]string{
		"/api/overview": "answer", "/api/runs/run-0019": "runAnswer", "/api/campaigns/night-42": "CampaignDetail", "/api/campaigns/night-42/rows/3": "RowDetail",
		"/api/activity": "pulse", "/api/attempts": "attemptsAnswer", "/api/log?kind=launcher": "LogPart", "/api/session": "sessionAnswer",
	} {
		add(name, path, s.see(path))
	}
	for path, name := range map[string]string{"/api/runs/nobody": "failure", "/api/log": "failure", "/api/attempts?most=x": "failure"} {
		add(name, path, s.do("GET", path, header("Authorization", "Bearer "+token)).body)
	}
	for topic, name := range map[string]string{
		"overview": "board", "activity": "pulse", "tasks": "tasks", "run:run-0019": "runBoard", "campaign:night-42": "campaignBoard",
	} {
		add(name, topic, string(s.watch(topic).next().Data))
	}
	add("Order", "order", pause)
	add("Ordered", "ordered", s.do("POST", "/api/orders", s.as(operator)...).body)
	add("answer", "wrong", `{"workers": 7}`)
	given, err := json.Marshal(map[string]any{"schema": json.RawMessage(schema), "answers": answers})
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), python, "-c", validator)
	cmd.Stdin = bytes.NewReader(given)
	if out, err := cmd.CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("%v\n%s", err, out)
	}
}
