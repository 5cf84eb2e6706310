package campaign

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Spec says where a table comes from: exactly one of File, Glob and Lists.
type Spec struct {
	// File is a table; Format tells how it is written.
	File string `json:"file,omitempty"`
	// Format is by the ending of the file if it is empty.
	Format Format `json:"format,omitempty"`
	// Glob is a pattern of files, ** for any folders: a table with the column
	// "path", in the order of a walk through sorted folders. Folders that are
	// symbolic links are not entered.
	Glob string `json:"glob,omitempty"`
	// Lists are values given in place.
	Lists *Lists `json:"lists,omitempty"`
	// Dir is the folder of relative names, the current one if empty. Paths of
	// a relative Glob begin with it.
	Dir string `json:"dir,omitempty"`
}

// Format is how a table is written.
type Format string

// The formats of tables. CSV and TSV have a header; their cells are JSON or else
// text, as with run -p. JSONLines has an object in each line. TOML is for Lists.
const (
	CSV       Format = "csv"
	TSV       Format = "tsv"
	JSONLines Format = "jsonl"
	TOML      Format = "toml"
)

var endings = map[string]Format{".csv": CSV, ".tsv": TSV, ".tab": TSV, ".jsonl": JSONLines, ".ndjson": JSONLines, ".toml": TOML}

// Table is a list of rows that can be read any number of times.
type Table struct {
	columns []string
	rows    func(ctx context.Context) iter.Seq2[Row, error]
}

// Columns are those of every row; those of the first one with JSON lines.
func (t *Table) Columns() []string { return slices.Clone(t.columns) }

// Rows reads the table. It ends at the first error, which names the file, line
// and column; not to have a row is one. The values of a row stay valid.
func (t *Table) Rows(ctx context.Context) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		for row, err := range t.rows(ctx) {
			if err == nil {
				err = ctx.Err()
			}
			if err == nil && row.Number >= MaxRows {
				err = &Error{Where: row.Where(), Message: fmt.Sprintf("more than %d rows", MaxRows), Advice: "make several campaigns of it"}
			}
			if err != nil {
				yield(Row{}, err)
				return
			}
			if !yield(row, nil) {
				return
			}
		}
	}
}

// Check reads the first row, for what only reading can show.
func (t *Table) Check(ctx context.Context) error {
	_, _, err := firstRow(t.Rows(ctx))
	return err
}

// Open looks at the beginning of a table. Errors are of type Error.
func Open(s Spec) (*Table, error) {
	given := 0
	for _, is := range []bool{s.File != "", s.Glob != "", s.Lists != nil} {
		if is {
			given++
		}
	}
	if given != 1 {
		return nil, &Error{Message: fmt.Sprintf("%d tables are given, one is needed", given),
			Advice: "give one of table, glob, or the lists [rows] and [product]"}
	}
	switch {
	case s.Glob != "":
		return openGlob(s.Dir, s.Glob)
	case s.Lists != nil:
		return openLists(s.Lists, "")
	}
	return openFile(s)
}

func openFile(s Spec) (*Table, error) {
	path, format := s.File, s.Format
	if s.Dir != "" && !filepath.IsAbs(path) {
		path = filepath.Join(s.Dir, path)
	}
	if format == "" {
		format = endings[strings.ToLower(filepath.Ext(path))]
	}
	switch format {
	case CSV:
		return openCSV(path, ',')
	case TSV:
		return openCSV(path, '\t')
	case JSONLines:
		return openJSONLines(path)
	case TOML:
		return openTOML(path)
	}
	return nil, &Error{Where: path, Message: "unknown kind of table", Advice: "name a file that ends in .csv, .tsv, .jsonl or .toml"}
}

// openRegular opens what can be read again: a pipe would block, or be empty the
// second time.
func openRegular(path string) (*os.File, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, &Error{Where: path, Cause: bare(err), Advice: "check the name of the table"}
	}
	if !info.Mode().IsRegular() {
		return nil, &Error{Where: path, Message: "not a regular file", Advice: "write the table to a file first"}
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, &Error{Cause: err}
	}
	return f, nil
}

// bare is the cause of an error of a file whose name is told already.
func bare(err error) error {
	var named *fs.PathError
	if errors.As(err, &named) {
		return named.Err
	}
	return err
}

// readBounded reads a small file as a whole.
func readBounded(path string, limit int64) (string, error) {
	f, err := openRegular(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return "", &Error{Where: path, Cause: err}
	}
	if int64(len(text)) > limit {
		return "", &Error{Where: path, Message: fmt.Sprintf("more than %d bytes", limit), Advice: "a large table is better written as CSV or JSON lines"}
	}
	return string(text), nil
}

// firstRow reads one row.
func firstRow(rows iter.Seq2[Row, error]) (Row, bool, error) {
	for row, err := range rows {
		return row, err == nil, err
	}
	return Row{}, false, nil
}
