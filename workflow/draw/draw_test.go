package draw_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ewoks-hpc/ewoks-hpc/workflow"
	"github.com/ewoks-hpc/ewoks-hpc/workflow/draw"
)

var update = flag.Bool("update", false, "write the golden files anew")

const document = `{"graph":{"id":"g","label":"All \"kinds\" <of> links"},"nodes":[
	{"id":"a","task_type":"method","task_identifier":"m.f","default_inputs":[{"name":0,"value":[1,2]}]},
	{"id":"b","label":"the second","task_type":"class","task_identifier":"pkg.Task"},
	{"id":"c","task_type":"script","task_identifier":"run.sh"},
	{"id":"d","task_type":"ppfport"}],
	"links":[
	{"source":"a","target":"b","data_mapping":[{"source_output":"return_value","target_input":"x"},{"source_output":"y","target_input":"y"}]},
	{"source":"b","target":"c","map_all_data":true,"conditions":[{"source_output":"ok","value":true}]},
	{"source":"b","target":"d","on_error":true,"map_all_data":true},
	{"source":"c","target":"b","conditions":[{"source_output":"out","value":"again"}]}]}`

func TestGolden(t *testing.T) {
	wf, err := workflow.Parse([]byte(document), workflow.LoadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, format := range draw.Formats {
		got, err := draw.Draw(wf, format)
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join("testdata", format+".golden")
		if *update {
			if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if got != string(want) {
			t.Errorf("%s:\n%s\nwant:\n%s", format, got, want)
		}
	}
}

func TestUnknownFormat(t *testing.T) {
	if _, err := draw.Draw(&workflow.Workflow{}, "crayon"); err == nil || !strings.Contains(err.Error(), "crayon") {
		t.Errorf("error %v", err)
	}
}
