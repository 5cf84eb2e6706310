package ledger_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/ewoks-hpc/ewoks-hpc/campaign"
	"github.com/ewoks-hpc/ewoks-hpc/ledger"
)

// various is a ledger of six rows that differ in everything.
func various(t testing.TB) *ledger.Ledger {
	params := []string{`{"path":"a.h5","n":1,"on":true}`, `{"path":"b%_.h5","n":2.5,"on":false}`, `{"path":"it's","n":"2","my col":"x y"}`, `{"n":null}`, `{"n":12}`, `{}`}
	l := create(t, func(yield func(campaign.Item, error) bool) {
		for i, p := range params {
			if !yield(campaign.Item{Number: i, Key: fmt.Sprint("k", i), Params: []byte(p), Priority: i}, nil) {
				return
			}
		}
	})
	begin(t, l, 1, 0, 1, 2, 3)
	failed := result(1, 1, campaign.Failed)
	failed.Failure.Type, failed.Failure.Message, failed.Node = "TimeoutError", "after 100% of 5_s\n", "n2"
	finishAll(t, l, result(0, 1, campaign.Done), failed, ledger.Result{Number: 2, Run: run(2, 1), State: campaign.Waiting, Cause: ledger.Lost})
	return l
}

func numbers(t testing.TB, l *ledger.Ledger, f ledger.Filter) (got []int) {
	t.Helper()
	for r, err := range l.Rows(t.Context(), ledger.Query{Filter: f}) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, r.Number)
	}
	return got
}

func TestFilter(t *testing.T) {
	l := various(t)
	for text, want := range map[string][]int{
		"row<2":                              {0, 1},
		"row>=4":                             {4, 5},
		"row != 3 and row!=4":                {0, 1, 2, 5},
		"state=failed":                       {1},
		"state!=waiting":                     {0, 1, 3},
		"not state=waiting":                  {0, 1, 3},
		"NOT (state=waiting OR row=0)":       {1, 3},
		"row=0 or row=1 and state=failed":    {0, 1},
		"(row=0 or row=1) and state=failed":  {1},
		"error~=timeout":                     {1},
		"error~='TimeoutError: after'":       {1},
		"error!~timeout":                     {0, 2, 3, 4, 5},
		`message~="100%"`:                    {1},
		`message~="1_0%"`:                    nil,
		"message~=5_s":                       {1},
		`message~="5s"`:                      nil,
		"type=TimeoutError":                  {1},
		"node=n1":                            {0},
		"node!=n1":                           {1, 2, 3, 4, 5},
		"not node=n1":                        {1, 2, 3, 4, 5},
		`node=""`:                            nil,
		"cause=lost":                         {2},
		"duration>=1s":                       {0, 1},
		"duration<0.5":                       nil,
		"not duration<1m":                    {2, 3, 4, 5},
		"memory>=1G":                         {0, 1},
		"memory>1g":                          nil,
		"attempts=1":                         {0, 1, 2, 3},
		"priority>4":                         {5},
		"key=k3":                             {3},
		"params.n=1":                         {0},
		"params.n>1":                         {1, 2, 4}, // text is more than any number
		"params.n=2":                         nil,
		`params.n="2"`:                       nil, // is a number as in a cell
		"params.n=12":                        {4},
		"params.n=2.5":                       {1},
		"params.n=null":                      {3, 5},
		"params.on=true":                     {0},
		"params.on=false":                    {1},
		"params.path~=%_":                    {1},
		`params.path='it''s'`:                {2},
		`params.path="it's"`:                 {2},
		`params."my col"="x y"`:              {2},
		`params.path="' OR 1=1 --"`:          nil,
		"run=" + run(3, 1):                   {3},
		"job=77 and worker=w1 and log~=LOG/": {0, 1},
	} {
		f, err := ledger.ParseFilter(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
		} else if got := numbers(t, l, f); !slices.Equal(got, want) {
			t.Errorf("%s: rows %v, want %v", text, got, want)
		}
	}
	a, _ := ledger.ParseFilter("row<3")
	b, _ := ledger.ParseFilter("row=0 or row=2 or row=5")
	for _, f := range []ledger.Filter{a.And(b), b.And(a), a.And(b).And(ledger.Filter{}), ledger.Filter{}.And(a).And(b)} {
		if got := numbers(t, l, f); !slices.Equal(got, []int{0, 2}) {
			t.Errorf("and: rows %v", got)
		}
	}
	if got := numbers(t, l, ledger.Filter{}); len(got) != 6 {
		t.Errorf("all: rows %v", got)
	}
}

func TestFilterRefused(t *testing.T) {
	for text, want := range map[string]string{
		"":                               "at 1: the name of a field",
		"state":                          `at 6: after "state" one of`,
		"state=":                         "at 7: a value is expected",
		"state=broken":                   "at 1: state: \"broken\" is not a state; states are [waiting",
		"row<100 foo":                    `at 9: "foo" is not understood`,
		"row<x":                          "not a whole number",
		"row=1 and":                      "at 10: the name of a field",
		"row=1 and coler=2":              `at 11: there is no field "coler"`,
		"(row=1":                         "a ) is missing",
		"row=1)":                         `at 6: ")"`,
		"error='x":                       "quote is not closed",
		"duration>fast":                  "not a time",
		"memory>2X":                      "not a size",
		"memory>NaN":                     "not a size",
		"params.=1":                      `"" is no column`,
		`params.a"b=1`:                   "one of",
		`params.'a"b'=1`:                 "no column that can be asked for",
		"row=1; DROP TABLE rows":         "not a whole number",
		"state=failed and\xff=1":         "not UTF-8",
		strings.Repeat("not ", 200):      "nested more than",
		strings.Repeat("(", 200):         "nested more than",
		strings.Repeat("x", 5000):        "more than 4096 bytes",
		strings.Repeat("row=1 or ", 200): "more than 100 conditions",
	} {
		_, err := ledger.ParseFilter(text)
		var e *ledger.FilterError
		if !errors.As(err, &e) || !strings.Contains(err.Error(), want) || e.Hint() == "" {
			t.Errorf("%.50q: %v, want %q", text, err, want)
		}
	}
	for _, text := range []string{"", "x", "3,", "-3", "5-3", "1-2-3", "99999999999999999999", strings.Repeat("1,", 2000) + "1"} {
		if _, err := ledger.ParseNumbers(text); err == nil {
			t.Errorf("rows %.50q are taken", text)
		}
	}
}

// Whatever the parser takes, SQLite takes too, and a filter and its opposite
// share the rows.
func FuzzFilter(f *testing.F) {
	for _, seed := range []string{"error~=Timeout", "node=n1 and not (row<100 or state=failed)", `params."my col">='it''s'`, "duration<1h", "memory>=2.5G", "params.n=1e999", "not not row=1"} {
		f.Add(seed)
	}
	l := various(f)
	f.Fuzz(func(t *testing.T, text string) {
		filter, err := ledger.ParseFilter(text)
		if err != nil {
			return
		}
		rest, err := ledger.ParseFilter("not (" + text + ")")
		if err != nil {
			t.Skip(err) // one too long or too deep
		}
		got := append(numbers(t, l, filter), numbers(t, l, rest)...)
		slices.Sort(got)
		if !slices.Equal(got, []int{0, 1, 2, 3, 4, 5}) {
			t.Errorf("%q and its opposite: rows %v", text, got)
		}
	})
}
