package ledger_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/parquet-go/parquet-go"

	"github.com/ewoks-hpc/ewoks-hpc/campaign"
	"github.com/ewoks-hpc/ewoks-hpc/ledger"
)

func export(t *testing.T, l *ledger.Ledger, o ledger.ExportOptions) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := l.Export(t.Context(), &out, o); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// withCollision is a ledger whose table has columns named like those of the ledger.
func withCollision(t *testing.T) *ledger.Ledger {
	l := create(t, func(yield func(campaign.Item, error) bool) {
		_ = yield(campaign.Item{Number: 0, Key: "k0", Params: []byte(`{"state":"x","big":123456789012345678901,"params.row":1,"row":"5"}`)}, nil) &&
			yield(campaign.Item{Number: 1, Key: "k1", Params: []byte(`{"state":"a,\"b\"\nc","extra":[1,{"a":null}]}`)}, nil)
	})
	begin(t, l, 1, 1)
	finishAll(t, l, result(1, 1, campaign.Done))
	return l
}

func TestExportCSV(t *testing.T) {
	got, err := csv.NewReader(bytes.NewReader(export(t, withCollision(t), ledger.ExportOptions{Format: ledger.CSV}))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	want := [][]string{
		strings.Split("row params.state big params.row params.params.row extra state attempts cause worker job node started ended duration memory run outputs error message task log key", " "),
		{"0", "x", "123456789012345678901", "1", `"5"`, "", "waiting", "0", "", "", "", "", "", "", "", "", "", "", "", "", "", "", "k0"},
		{"1", "a,\"b\"\nc", "", "", "", `[1,{"a":null}]`, "done", "1", "", "w1", "77", "n1", "2026-01-02T03:04:05.678901Z", "2026-01-02T03:04:06.678901Z", "1", "1073741824", "run-1-1", `{"result":1}`, "", "", "", "log/1", "k1"},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got\n%q, want\n%q", got, want)
	}
}

// What was exported can be read as a table again, with the same values.
func TestExportIsATable(t *testing.T) {
	l := withCollision(t)
	for _, format := range []ledger.Format{ledger.CSV, ledger.JSONLines} {
		path := filepath.Join(t.TempDir(), "x."+string(format))
		if err := os.WriteFile(path, export(t, l, ledger.ExportOptions{Format: format, Filter: ledger.InState(campaign.Done)}), 0o600); err != nil {
			t.Fatal(err)
		}
		table, err := campaign.Open(campaign.Spec{File: path})
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for r, err := range table.Rows(t.Context()) {
			if n++; err != nil {
				t.Fatal(err)
			}
			for column, want := range map[string]string{"row": "1", "params.state": `"a,\"b\"\nc"`, "extra": `[1,{"a":null}]`, "state": `"done"`, "outputs": `{"result":1}`, "memory": "1073741824", "duration": "1"} {
				if value, _ := r.Value(column); string(value) != want {
					t.Errorf("%s: %s is %s, want %s", format, column, value, want)
				}
			}
		}
		if n != 1 {
			t.Errorf("%s: %d rows", format, n)
		}
	}
}

func TestExportRefused(t *testing.T) {
	l := create(t, items(10))
	if err := l.Export(t.Context(), &bytes.Buffer{}, ledger.ExportOptions{Format: "xlsx"}); err == nil || !strings.Contains(err.Error(), "parquet") {
		t.Errorf("unknown format: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := l.Export(ctx, &bytes.Buffer{}, ledger.ExportOptions{Format: ledger.CSV}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

// TestExportParquet reads random rows back with another implementation.
func TestExportParquet(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	type values = map[string]any
	makers := map[string]func() (text string, value any){
		"an integer": func() (string, any) { n := rng.Int64(); return fmt.Sprint(n), n },
		"number": func() (string, any) {
			n := rng.NormFloat64()
			return fmt.Sprintf("%.17g", n), n
		},
		"text":  func() (string, any) { s := strings.Repeat("é\n", rng.IntN(5)); return string(marshal(s)), s },
		"bool":  func() (string, any) { b := rng.IntN(2) == 0; return fmt.Sprint(b), b },
		"mixed": func() (string, any) { s := []string{"1", `"a"`, "[1]", "true"}[rng.IntN(4)]; return s, s },
		"list":  func() (string, any) { return `[1,"<"]`, `[1,"<"]` },
	}
	for _, n := range []int{0, 1, 7, 8, 9, 5000} {
		var want []values
		var rows []campaign.Item
		for i := range n {
			v := values{"row": int64(i), "state": "waiting", "attempts": int64(0), "key": fmt.Sprint("k", i)}
			var members []string
			for name, maker := range makers {
				switch rng.IntN(8) {
				case 0:
				case 1:
					members = append(members, fmt.Sprintf("%q:null", name))
				default:
					text, value := maker()
					members = append(members, fmt.Sprintf("%q:%s", name, text))
					v[name] = value
				}
			}
			want = append(want, v)
			rows = append(rows, campaign.Item{Number: i, Key: fmt.Sprint("k", i), Params: []byte("{" + strings.Join(members, ",") + "}")})
		}
		l := create(t, func(yield func(campaign.Item, error) bool) {
			for _, in := range rows {
				if !yield(in, nil) {
					return
				}
			}
		})
		if n > 4 {
			begin(t, l, 1, 4)
			finishAll(t, l, result(4, 1, campaign.Done))
			for key, value := range (values{"state": "done", "attempts": int64(1), "worker": "w1", "job": "77", "node": "n1", "started": epoch.UnixMicro(), "ended": epoch.Add(time.Second).UnixMicro(),
				"duration": 1.0, "memory": int64(1 << 30), "run": run(4, 1), "outputs": `{"result":4}`, "log": "log/1"}) {
				want[4][key] = value
			}
		}
		got := readParquet(t, export(t, l, ledger.ExportOptions{Format: ledger.Parquet}))
		// A column of few rows may look like one kind, or be absent: judge by many.
		if n < 5000 {
			if len(got) != n {
				t.Errorf("seed %d: %d rows, want %d", seed, len(got), n)
			}
			continue
		}
		for i := range want {
			if !reflect.DeepEqual(got[i], want[i]) {
				t.Fatalf("seed %d: row %d of %d is\n%v, want\n%v", seed, i, n, got[i], want[i])
			}
		}
	}
}

func marshal(v any) []byte {
	out, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return out
}

// readParquet leaves out what is null.
func readParquet(t *testing.T, data []byte) (rows []map[string]any) {
	t.Helper()
	file, err := parquet.OpenFile(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	columns := file.Schema().Fields()
	for _, group := range file.RowGroups() {
		reader := group.Rows()
		buffer := make([]parquet.Row, 100)
		for {
			n, err := reader.ReadRows(buffer)
			for _, r := range buffer[:n] {
				row := map[string]any{}
				for _, v := range r {
					if !v.IsNull() {
						row[columns[v.Column()].Name()] = plain(v)
					}
				}
				rows = append(rows, row)
			}
			if err != nil {
				break
			}
		}
		reader.Close()
	}
	if int64(len(rows)) != file.NumRows() || !slices.ContainsFunc(columns, func(f parquet.Field) bool { return f.Name() == "state" }) {
		t.Fatalf("%d rows, the file says %d, columns %v", len(rows), file.NumRows(), columns)
	}
	return rows
}

func plain(v parquet.Value) any {
	switch v.Kind() {
	case parquet.Boolean:
		return v.Boolean()
	case parquet.Int64:
		return v.Int64()
	case parquet.Double:
		return v.Double()
	}
	return string(v.ByteArray())
}
