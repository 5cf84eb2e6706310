package workflow

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// NotFoundError is a workflow file or Python package that does not exist.
type NotFoundError struct {
	// What is the path or package as it was given.
	What string
	// Tried are the places where it was looked for.
	Tried []string
}

// Error names what is missing.
func (e *NotFoundError) Error() string { return e.What + ": no such workflow file" }

// Hint lists the places that were searched.
func (e *NotFoundError) Hint() string {
	if len(e.Tried) == 0 {
		return "no directories to search were given"
	}
	return "looked for " + strings.Join(e.Tried, ", ")
}

// Is makes the error match fs.ErrNotExist.
func (e *NotFoundError) Is(target error) bool { return target == fs.ErrNotExist }

// finder turns the paths and module names of documents into files.
type finder struct {
	root       string
	rootModule string
	searchPath []string
}

func newFinder(opts LoadOptions) (finder, error) {
	f := finder{root: opts.RootDir, searchPath: opts.SearchPath}
	if f.root != "" || opts.RootModule == "" {
		return f, nil
	}
	f.rootModule = opts.RootModule
	var err error
	f.root, err = f.packageDir(opts.RootModule)
	return f, err
}

// extensions are tried in this order when the exact path does not exist.
func (f format) extensions() []string {
	switch f {
	case jsonFormat:
		return []string{".json"}
	case yamlFormat:
		return []string{".yml", ".yaml"}
	}
	return []string{".json", ".yml", ".yaml"}
}

// file finds a path: as it is, else with another extension.
func (f finder) file(path string, as format) (origin, error) {
	full := path
	if !filepath.IsAbs(full) {
		full = filepath.Join(f.root, full)
	}
	full, err := filepath.Abs(full)
	if err != nil {
		return origin{}, fmt.Errorf("%s: %w", path, err)
	}
	tried := []string{full}
	stem := strings.TrimSuffix(full, filepath.Ext(full))
	for _, extension := range as.extensions() {
		if candidate := stem + extension; candidate != full {
			tried = append(tried, candidate)
		}
	}
	for _, candidate := range tried {
		info, err := os.Stat(candidate)
		switch {
		case err != nil:
			continue
		case !info.Mode().IsRegular():
			return origin{}, fmt.Errorf("%s: not a file", candidate)
		}
		return origin{file: candidate, format: as, graphID: f.graphID(candidate)}, nil
	}
	return origin{}, &NotFoundError{What: path, Tried: tried}
}

// graphID is the id that ewokscore gives to graphs of a root module.
func (f finder) graphID(file string) string {
	if f.rootModule == "" {
		return ""
	}
	name := filepath.Base(file)
	return f.rootModule + "." + strings.TrimSuffix(name, filepath.Ext(name))
}

// moduleFile finds package.module.name: the last part is a file.
func (f finder) moduleFile(name string, as format) (origin, error) {
	dot := strings.LastIndexByte(name, '.')
	if dot <= 0 {
		return f.file(name, as)
	}
	dir, err := f.packageDir(name[:dot])
	if err != nil {
		return origin{}, err
	}
	return f.file(filepath.Join(dir, name[dot+1:]), as)
}

// packageDir finds the directory of a Python package. As in Python a directory
// with __init__.py wins over a namespace package earlier in the search path.
func (f finder) packageDir(name string) (string, error) {
	parts := strings.Split(name, ".")
	for _, part := range parts {
		if part == "" || strings.ContainsAny(part, `/\`) {
			return "", fmt.Errorf("%q is not the name of a Python package", name)
		}
	}
	var namespace string
	var tried []string
	for _, dir := range f.searchPath {
		candidate := filepath.Join(append([]string{dir}, parts...)...)
		tried = append(tried, candidate)
		if info, err := os.Stat(candidate); err != nil || !info.IsDir() {
			continue
		}
		if _, err := os.Stat(filepath.Join(dir, parts[0], "__init__.py")); err == nil {
			return filepath.Abs(candidate)
		}
		if namespace == "" {
			namespace = candidate
		}
	}
	if namespace != "" {
		return filepath.Abs(namespace)
	}
	return "", &NotFoundError{What: "Python package " + name, Tried: tried}
}

// readFile reads a whole document, within the size limit.
func (l *loader) readFile(path string, as format) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	limit := l.maxBytes(as)
	data, err := io.ReadAll(io.LimitReader(file, limit+1))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return data, l.checkSize(path, len(data), as)
}

func (l *loader) maxBytes(as format) int64 {
	if as == yamlFormat {
		return l.opts.MaxBytes / 8
	}
	return l.opts.MaxBytes
}

func (l *loader) checkSize(name string, size int, as format) error {
	if limit := l.maxBytes(as); int64(size) > limit {
		return Problems{{Kind: KindLimit, File: name, Message: fmt.Sprintf("the document is larger than %d bytes", limit)}}
	}
	return nil
}
