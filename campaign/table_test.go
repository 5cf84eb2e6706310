package campaign_test

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
	"strings"
	"testing"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/campaign"
)

func write(t testing.TB, dir, name, text string) string {
	t.Helper()
	path := filepath.Join(dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func open(t testing.TB, s campaign.Spec) *campaign.Table {
	t.Helper()
	table, err := campaign.Open(s)
	if err != nil {
		t.Fatal(err)
	}
	return table
}

// read shows each row as "a=1 b=2".
func read(t testing.TB, table *campaign.Table) (rows []string, err error) {
	t.Helper()
	for row, err := range table.Rows(t.Context()) {
		if err != nil {
			return rows, err
		}
		if row.Number != len(rows) {
			t.Errorf("row %d has the number %d", len(rows), row.Number)
		}
		var cells []string
		for _, v := range row.Values {
			cells = append(cells, v.Column+"="+string(v.JSON))
		}
		rows = append(rows, strings.Join(cells, " "))
	}
	return rows, nil
}

func hint(err error) string {
	var h interface{ Hint() string }
	if errors.As(err, &h) {
		return h.Hint()
	}
	return ""
}

func TestTables(t *testing.T) {
	for _, test := range []struct {
		name, text string
		want       []string
	}{
		{"a.csv", "path,n\na.h5,1\n\"b,\"\"c\n.h5\",007\n,true\n", []string{`path="a.h5" n=1`, `path="b,\"c\n.h5" n="007"`, `path="" n=true`}},
		{"bom.csv", "\ufeffa\r\n\"{\"\"x\"\": [1, 2]}\"\r\n\r\nNaN\r\n 1e5 \r\n", []string{`a={"x":[1,2]}`, `a="NaN"`, `a=1e5`}},
		{"last.csv", "a,b\n1,<é>", []string{`a=1 b="<é>"`}},
		{"a.tsv", "a\tb\n1\tx, y\n", []string{`a=1 b="x, y"`}},
		{"a.jsonl", "{\"b\": 1.0, \"a\": \"<\"}\n\n {\"a\":null,\"c\":{\"x\" : 12345678901234567890}} \n{}", []string{`b=1.0 a="<"`, `a=null c={"x":12345678901234567890}`, ""}},
		{"a.toml", "[product]\nz = [1, 2.0]\na = ['x', \"y\"]\n[rows]\nq = [true, []]\nd = [2026-01-02, {k = 1.5, day = 07:30:00}]", []string{
			`q=true d="2026-01-02" z=1 a="x"`, `q=true d="2026-01-02" z=1 a="y"`, `q=true d="2026-01-02" z=2.0 a="x"`, `q=true d="2026-01-02" z=2.0 a="y"`,
			`q=[] d={"day":"07:30:00","k":1.5} z=1 a="x"`, `q=[] d={"day":"07:30:00","k":1.5} z=1 a="y"`, `q=[] d={"day":"07:30:00","k":1.5} z=2.0 a="x"`, `q=[] d={"day":"07:30:00","k":1.5} z=2.0 a="y"`}},
		{"zip.toml", "rows.b = [1, 2]\nrows.a = [3, 4]", []string{"b=1 a=3", "b=2 a=4"}},
		{"tables.toml", "[[rows.t]]\nx = 1\n[[rows.t]]\nx = 1979-05-27T07:32:00Z\n", []string{`t={"x":1}`, `t={"x":"1979-05-27T07:32:00Z"}`}},
	} {
		table := open(t, campaign.Spec{File: write(t, t.TempDir(), test.name, test.text)})
		for range 2 { // a table can be read again
			if got, err := read(t, table); err != nil || !reflect.DeepEqual(got, test.want) {
				t.Errorf("%s: %q, want %q, %v", test.name, got, test.want, err)
			}
		}
	}
}

func TestTablesRefused(t *testing.T) {
	many := strings.Repeat("a,", campaign.MaxColumns) + "b"
	for _, test := range []struct{ name, text, where, message, hint string }{
		{"a.csv", "", "a.csv", "empty", "first line"},
		{"a.csv", "a,b\n", "a.csv", "no rows", "one for each run"},
		{"a.csv", "a,a\n", "a.csv:1", `"a" appears twice`, "each once"},
		{"a.csv", "a,,b\n", "a.csv:1", "column 2 has no name", "first line"},
		{"a.csv", many + "\n", "a.csv:1", "1001 columns, at most 1000", ""},
		{"a.csv", "a,b\n1,2\n3\n", "a.csv:3:", "names 2 columns", "quotes"},
		{"a.csv", "a,b\n1,2\n3,x\"y\n", "a.csv:3:4", "bare", `quote in them as ""`},
		{"a.csv", "a,b\n\"1\n2\"x,2\n", "a.csv:3:2", "begins in line 2", "quotes"},
		{"a.csv", "a,b\n1,\xff\n", "a.csv:2:3", `"b" is not UTF-8`, "iconv"},
		{"a.csv", "\xff,b\n1,2\n", "a.csv:1", "column 1", ""},
		{"a.csv", "a,b\n1," + strings.Repeat("x", campaign.MaxCell+1), "a.csv:2:3", `"b" has 1048577 bytes`, "files"},
		{"a.csv", "a,b\n1,\"" + strings.Repeat("x\n", campaign.MaxLine), "a.csv: the row after line 1", "more than 16777216", "not closed"},
		{"a.jsonl", "", "a.jsonl", "empty", "one object"},
		{"a.jsonl", "[1]", "a.jsonl:1:", "not an object", "one object"},
		{"a.jsonl", "{}\n\n{\"a\":1,}\n", "a.jsonl:3:8:", "", "one object"},
		{"a.jsonl", `{"a":1,"a":2}`, "a.jsonl:1:", "twice", ""},
		{"a.jsonl", `{"a":1} {}`, "a.jsonl:1:", "something follows", ""},
		{"a.jsonl", `{"a":1`, "a.jsonl:1:", "not complete", ""},
		{"a.jsonl", `{"":1}`, "a.jsonl:1:", "no name", ""},
		{"a.jsonl", "{\"a\":\"\xff\"}", "a.jsonl:1:", "UTF-8", "iconv"},
		{"a.jsonl", `{"a":"` + strings.Repeat("x", campaign.MaxCell) + `"}`, "a.jsonl:1:", "at most 1048576", ""},
		{"a.jsonl", "{}\n" + strings.Repeat(" ", campaign.MaxLine+1), "a.jsonl:2", "more than 16777216", ""},
		{"a.toml", "[rows]\na = [1]\nb = [1, 2]\n", "a.toml", "b has 2 values, but a has 1", "equally long"},
		{"a.toml", "[product]\na = []\n", "a.toml", "empty", ""},
		{"a.toml", "", "a.toml", "empty", ""},
		{"a.toml", "\n[product]\na = 3\n", "a.toml:3", "product.a is not a list", "a = [...]"},
		{"a.toml", "product = [1]", "a.toml:1", "product is not a table", "[product]"},
		{"a.toml", "[produkt]\na = [1]\n", "a.toml:", `unknown key "produkt"`, `"product"`},
		{"a.toml", "[rows]\na = [1]\n[product]\na = [1]\n", "a.toml", "twice", ""},
		{"a.toml", "[rows]\na = [1, inf]\n", "a.toml:2", "item 2 of a: +Inf", ""},
		{"a.toml", "[rows]\na = = 1\n", "a.toml:2:5", "", ""},
		{"a.toml", "[product]\n" + product(6, 30), "a.toml", "more than 100000000 rows", ""},
		{"a.xlsx", "", "a.xlsx", "unknown kind", ".csv"},
	} {
		path := write(t, t.TempDir(), test.name, test.text)
		table, err := campaign.Open(campaign.Spec{File: path})
		if err == nil {
			_, err = read(t, table)
		}
		if err == nil || !strings.Contains(err.Error(), test.where) || !strings.Contains(err.Error(), test.message) || !strings.Contains(hint(err), test.hint) {
			t.Errorf("%s %.40q: %v (%s), want %s %s (%s)", test.name, test.text, err, hint(err), test.where, test.message, test.hint)
		}
	}
	for name, s := range map[string]campaign.Spec{
		"0 tables":           {},
		"2 tables":           {File: "a.csv", Glob: "*"},
		"no such file":       {File: "absent.csv"},
		"not a regular file": {File: t.TempDir(), Format: campaign.CSV},
		"not a pattern":      {Glob: "[a"},
	} {
		if _, err := campaign.Open(s); err == nil || !strings.Contains(err.Error(), name) || hint(err) == "" {
			t.Errorf("%s: %v (%s)", name, err, hint(err))
		}
	}
}

// product is so many lists of so many values.
func product(lists, values int) string {
	var out strings.Builder
	for i := range lists {
		fmt.Fprintf(&out, "c%d = [0%s]\n", i, strings.Repeat(", 1", values-1))
	}
	return out.String()
}

func TestGlob(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"raw/b/1.h5", "raw/a/2.h5", "raw/a/1.h5", "raw/a.h5", "raw/a-b/1.h5", "raw/a/x/y/3.h5", "raw/a/1.txt", "other/1.h5", "raw/sp ace/[1].h5", "raw/a/dir.h5/in.h5"} {
		write(t, dir, name, "")
	}
	if err := os.Symlink(filepath.Join(dir, "raw"), filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(dir, filepath.Join(dir, "raw/a/loop")); err != nil {
		t.Fatal(err)
	}
	for pattern, want := range map[string]string{
		"raw/**/*.h5":      "raw/a/1.h5 raw/a/2.h5 raw/a/dir.h5/in.h5 raw/a/x/y/3.h5 raw/a-b/1.h5 raw/a.h5 raw/b/1.h5 raw/sp ace/[1].h5",
		"raw/*/1.h5":       "raw/a/1.h5 raw/a-b/1.h5 raw/b/1.h5",
		"raw/*.h5":         "raw/a.h5",
		"*/1.h5":           "other/1.h5",
		"raw/{a,b}/*.h5":   "raw/a/1.h5 raw/a/2.h5 raw/b/1.h5",
		"{raw/b,other}/*":  "other/1.h5 raw/b/1.h5",
		"link/b/*":         "link/b/1.h5",
		"raw/a/**":         "raw/a/1.h5 raw/a/1.txt raw/a/2.h5 raw/a/dir.h5/in.h5 raw/a/loop raw/a/x/y/3.h5",
		"**/y/**/*.h5":     "raw/a/x/y/3.h5",
		"raw/sp*/[[]1].h5": "raw/sp ace/[1].h5",
		"raw/a/1.h5":       "raw/a/1.h5",
		"./raw/../raw/b/*": "raw/b/1.h5",
	} {
		got, err := read(t, open(t, campaign.Spec{Glob: pattern, Dir: dir}))
		short := strings.ReplaceAll(strings.ReplaceAll(strings.Join(got, " "), `path="`+filepath.ToSlash(dir)+"/", ""), `"`, "")
		if err != nil || short != want {
			t.Errorf("%s: %s, want %s, %v", pattern, short, want, err)
		}
	}
	t.Chdir(dir)
	if got, err := read(t, open(t, campaign.Spec{Glob: "raw/b/*"})); err != nil || got[0] != `path="raw/b/1.h5"` {
		t.Errorf("relative: %v, %v", got, err)
	}
	if got, err := read(t, open(t, campaign.Spec{Glob: "[r]*", Dir: "raw/sp ace/"})); err == nil || !strings.Contains(err.Error(), "no file matches") || hint(err) == "" {
		t.Errorf("nothing: %v, %v", got, err)
	}
	if _, err := read(t, open(t, campaign.Spec{Glob: "absent/*"})); err == nil || !strings.Contains(err.Error(), "absent") {
		t.Errorf("absent: %v", err)
	}
	for row, err := range open(t, campaign.Spec{Glob: "**"}).Rows(t.Context()) { // one is enough
		if err != nil || row.Number > 0 {
			t.Errorf("%+v, %v", row, err)
		}
		break
	}
}

func TestRowsCancelled(t *testing.T) {
	dir := t.TempDir()
	for _, s := range []campaign.Spec{{File: write(t, dir, "a.csv", "a\n1\n2\n")}, {Glob: "*", Dir: dir}, {File: write(t, dir, "a.jsonl", "{}\n{}")}, {File: write(t, dir, "a.toml", "rows.a = [1]")}} {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		for _, err := range open(t, s).Rows(ctx) {
			if !errors.Is(err, context.Canceled) {
				t.Errorf("%+v: %v", s, err)
			}
		}
	}
}

// TestCSVRoundTrip writes random values as cells, and reads the same.
func TestCSVRoundTrip(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	for _, comma := range []rune{',', '\t'} {
		var want [][]string
		var text strings.Builder
		w := csv.NewWriter(&text)
		w.Comma = comma
		_ = w.Write([]string{"a", "b", "c d"})
		for range 2000 {
			var cells, values []string
			for range 3 {
				value := randomValue(rng, 3)
				values = append(values, string(value))
				cells = append(cells, campaign.CellText(value))
			}
			_ = w.Write(cells)
			want = append(want, values)
		}
		w.Flush()
		table := open(t, campaign.Spec{File: write(t, t.TempDir(), "a", text.String()), Format: map[rune]campaign.Format{',': campaign.CSV, '\t': campaign.TSV}[comma]})
		n := 0
		for row, err := range table.Rows(t.Context()) {
			if err != nil {
				t.Fatalf("seed %d: %v", seed, err)
			}
			for i, v := range row.Values {
				if string(v.JSON) != want[n][i] {
					t.Fatalf("seed %d: row %d: %s, want %s", seed, n, v.JSON, want[n][i])
				}
			}
			n++
		}
		if n != len(want) {
			t.Errorf("seed %d: %d rows, want %d", seed, n, len(want))
		}
	}
}

// randomValue is compact JSON; texts hold what CSV and JSON treat specially.
func randomValue(rng *rand.Rand, depth int) json.RawMessage {
	pieces := []string{"a", "1", `"`, "'", ",", "\t", "\n", "{", "[", "é", "𝄞", " ", "\\", "true", "null", "<", "\u2028", ".5"}
	var v any
	switch k := rng.IntN(9); {
	case k < 4:
		var s string
		for range rng.IntN(5) {
			s += pieces[rng.IntN(len(pieces))]
		}
		return quoted(s)
	case k == 4:
		v = rng.Int64()
	case k == 5:
		v = rng.NormFloat64() * 1e9
	case k == 6:
		v = []any{true, false, nil}[rng.IntN(3)]
	case depth == 0:
		v = 0
	case k == 7:
		v = []json.RawMessage{randomValue(rng, depth-1), randomValue(rng, depth-1)}
	default:
		v = map[string]json.RawMessage{"k": randomValue(rng, depth-1)}
	}
	out, _ := json.Marshal(v)
	return out
}

func quoted(s string) json.RawMessage {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(s)
	return bytes.TrimSpace(out.Bytes())
}

// TestProductOrder compares with nested loops.
func TestProductOrder(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	for range 200 {
		var l campaign.Lists
		want := []string{""}
		add := func(name string, n int) campaign.List {
			list := campaign.List{Column: name}
			for i := range n {
				list.Values = append(list.Values, json.RawMessage(fmt.Sprint(i*10+rng.IntN(10))))
			}
			return list
		}
		zipped := 1 + rng.IntN(4)
		for i := range rng.IntN(3) {
			l.Rows = append(l.Rows, add(fmt.Sprint("r", i), zipped))
		}
		if len(l.Rows) > 0 {
			want = make([]string, zipped)
			for _, list := range l.Rows {
				for i, v := range list.Values {
					want[i] += fmt.Sprintf(" %s=%s", list.Column, v)
				}
			}
		}
		for i := range rng.IntN(4) {
			list := add(fmt.Sprint("p", i), 1+rng.IntN(4))
			l.Product = append(l.Product, list)
			var longer []string
			for _, row := range want {
				for _, v := range list.Values {
					longer = append(longer, row+fmt.Sprintf(" %s=%s", list.Column, v))
				}
			}
			want = longer
		}
		if len(l.Rows)+len(l.Product) == 0 {
			continue
		}
		got, err := read(t, open(t, campaign.Spec{Lists: &l}))
		if err != nil || strings.Join(got, "\n") != strings.ReplaceAll(strings.Join(want, "\n")[1:], "\n ", "\n") {
			t.Fatalf("seed %d: %q, want %q, %v", seed, got, want, err)
		}
	}
}

func BenchmarkRows(b *testing.B) {
	var text strings.Builder
	text.WriteString("path,threshold\n")
	const n = 100_000
	for i := range n {
		fmt.Fprintf(&text, "raw/scan_%06d.h5,%d\n", i, i)
	}
	table := open(b, campaign.Spec{File: write(b, b.TempDir(), "a.csv", text.String())})
	for b.Loop() {
		for _, err := range table.Rows(b.Context()) {
			if err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(n*b.N), "ns/row")
}
