package campaign

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"github.com/bmatcuk/doublestar/v4"
)

// PathColumn is the column of a table of files.
const PathColumn = "path"

const globAdvice = "write a pattern like 'raw/**/*.h5': * within a name, ** for any folders, {a,b} for either"

// errEnough ends a walk whose reader wants no more.
var errEnough = errors.New("enough")

func openGlob(dir, pattern string) (*Table, error) {
	if !filepath.IsAbs(pattern) {
		pattern = path.Join(escape(filepath.ToSlash(dir)), pattern)
	}
	if !doublestar.ValidatePattern(pattern) {
		return nil, &Error{Message: fmt.Sprintf("glob %q is not a pattern", pattern), Advice: globAdvice}
	}
	return &Table{columns: []string{PathColumn}, rows: func(ctx context.Context) iter.Seq2[Row, error] {
		return func(yield func(Row, error) bool) { newWalk(pattern).run(ctx, yield) }
	}}, nil
}

// escape takes the meaning of a pattern from the name of a folder.
func escape(dir string) string {
	var out strings.Builder
	for _, c := range dir {
		if strings.ContainsRune(`*?[]{}\`, c) {
			out.WriteByte('\\')
		}
		out.WriteRune(c)
	}
	return out.String()
}

// walk goes through the folders below the fixed part of a pattern, in the order
// of their names, so that only one folder of each level is in memory.
type walk struct {
	base, pattern, whole string
	parts                []string
	number               int
}

func newWalk(pattern string) *walk {
	w := &walk{whole: pattern}
	w.base, w.pattern = doublestar.SplitPattern(pattern)
	if !strings.Contains(w.pattern, "{") { // alternatives may hold separators
		w.parts = strings.Split(w.pattern, "/")
	}
	return w
}

func (w *walk) run(ctx context.Context, yield func(Row, error) bool) {
	err := fs.WalkDir(os.DirFS(w.base), ".", func(name string, entry fs.DirEntry, err error) error {
		if err == nil {
			err = ctx.Err()
		}
		switch {
		case err != nil:
			return err
		case entry.IsDir():
			return w.enter(name)
		}
		return w.file(name, yield)
	})
	switch {
	case errors.Is(err, errEnough):
	case err != nil:
		yield(Row{}, &Error{Where: "glob " + w.whole, Message: "folder " + w.base, Cause: bare(err), Advice: "check the folder and the right to read it"})
	case w.number == 0:
		yield(Row{}, &Error{Where: "glob " + w.whole, Message: "no file matches", Advice: globAdvice})
	}
}

func (w *walk) file(name string, yield func(Row, error) bool) error {
	matched, err := doublestar.Match(w.pattern, name)
	if err != nil || !matched {
		return err
	}
	found := path.Join(w.base, name)
	if !utf8.ValidString(found) {
		return fmt.Errorf("the name %q is not UTF-8", found)
	}
	row := Row{Number: w.number, Values: []Value{{PathColumn, quote(found)}}, where: found}
	w.number++
	if !yield(row, nil) {
		return errEnough
	}
	return nil
}

// enter skips folders in which nothing can match.
func (w *walk) enter(name string) error {
	if name == "." || w.parts == nil {
		return nil
	}
	for i, part := range strings.Split(name, "/") {
		if i >= len(w.parts)-1 && w.parts[len(w.parts)-1] != "**" {
			return fs.SkipDir
		}
		if i >= len(w.parts) || w.parts[i] == "**" {
			return nil
		}
		if matched, err := doublestar.Match(w.parts[i], part); err != nil || !matched {
			return fs.SkipDir
		}
	}
	return nil
}
