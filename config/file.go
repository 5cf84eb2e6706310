package config

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"regexp"
	"slices"
	"time"

	"github.com/BurntSushi/toml"
)

// maxFile bounds a configuration file, in bytes.
const maxFile = 1 << 20

var poolName = regexp.MustCompile(`^[A-Za-z0-9_.-]{1,64}$`)

// file is one parsed file, checked against the known keys.
type file struct {
	path   string
	meta   toml.MetaData
	tables map[string]toml.Primitive // every top-level entry
	pools  map[string]map[string]toml.Primitive
	order  []string // names of pools as they come
	lists  map[string][]Table
}

func readFile(path string, s Sources) (file, error) {
	text, err := readBounded(path)
	if err != nil {
		return file{}, err
	}
	f := file{path: path, pools: map[string]map[string]toml.Primitive{}, lists: map[string][]Table{}}
	if f.meta, err = toml.Decode(text, &f.tables); err != nil {
		return file{}, f.syntax(err)
	}
	if err := f.readPools(); err != nil {
		return file{}, err
	}
	if err := f.check(s); err != nil {
		return file{}, err
	}
	for _, name := range slices.Sorted(maps.Keys(f.pools)) { // dotted keys name a pool without a table
		if !slices.Contains(f.order, name) {
			f.order = append(f.order, name)
		}
	}
	err = f.readLists(s)
	return f, err
}

// readLists decodes the lists of tables.
func (f *file) readLists(s Sources) error {
	for name := range s.Tables {
		primitive, ok := f.tables[name]
		if !ok {
			continue
		}
		var tables []map[string]toml.Primitive
		if err := f.meta.PrimitiveDecode(primitive, &tables); err != nil {
			return f.at(fmt.Sprintf("%s is not a list of tables: begin each with [[%s]]", name, name), primitive)
		}
		f.lists[name] = []Table{}
		for i, table := range tables { // the decoder does not know where each stands
			t := Table{Values: map[string]any{}, Origin: fmt.Sprintf("%s, [[%s]] number %d", f.path, name, i+1)}
			for key, value := range f.decode(table) {
				t.Values[key] = value.Raw
			}
			f.lists[name] = append(f.lists[name], t)
		}
	}
	return nil
}

// readPools looks at the kind of each entry by itself: the decoder takes
// anything for an empty table.
func (f *file) readPools() error {
	table, ok := f.tables["pool"]
	if !ok {
		return nil
	}
	var raw any
	if err := f.meta.PrimitiveDecode(table, &raw); err != nil {
		return f.syntax(err)
	}
	pools, ok := raw.(map[string]any)
	for name, pool := range pools {
		if _, isTable := pool.(map[string]any); !isTable {
			return f.at(fmt.Sprintf("pool is not a table of pools: %s is a value", name), table)
		}
	}
	if !ok {
		return f.at("pool is not a table of pools", table)
	}
	if err := f.meta.PrimitiveDecode(table, &f.pools); err != nil {
		return f.syntax(err)
	}
	return nil
}

// readBounded refuses what is not a regular file (a pipe would block).
func readBounded(path string) (string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return "", err
	}
	if !info.Mode().IsRegular() {
		return "", fmt.Errorf("%s is not a regular file", path)
	}
	opened, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer opened.Close()
	text, err := io.ReadAll(io.LimitReader(opened, maxFile+1))
	if err != nil {
		return "", err
	}
	if len(text) > maxFile {
		return "", fmt.Errorf("%s has more than %d bytes", path, maxFile)
	}
	return string(text), nil
}

func (f file) syntax(err error) error {
	var parse toml.ParseError
	if errors.As(err, &parse) {
		return fmt.Errorf("%s:%d:%d: %s", f.path, parse.Position.Line, parse.Position.Col, parse.Message)
	}
	return fmt.Errorf("%s: %w", f.path, err)
}

// check goes through the keys in the order of the file, so that the first
// mistake is the one that is told.
func (f *file) check(s Sources) error {
	for _, key := range f.meta.Keys() {
		var err error
		switch {
		case len(key) == 1 && key[0] == "pool":
		case key[0] == "pool" && len(key) == 2:
			if f.order = append(f.order, key[1]); !poolName.MatchString(key[1]) {
				err = f.at(fmt.Sprintf("%q is not a name for a pool", key[1]), f.tables["pool"])
			}
		case key[0] == "pool":
			err = f.checkKey(key[2], s.PoolKeys, f.pools[key[1]][key[2]], "key of a pool")
		case s.Tables[key[0]] != nil && len(key) == 1:
		case s.Tables[key[0]] != nil:
			if known := s.Tables[key[0]]; !has(known, key[1]) {
				err = unknown("key of a "+key[0], key[1], names(known), f.position(f.tables[key[0]]))
			}
		case !has(s.Keys, key[0]) && has(s.PoolKeys, key[0]):
			err = misplacedError{f.position(f.tables[key[0]]), key[0]}
		default:
			err = f.checkKey(key[0], s.Keys, f.tables[key[0]], "key")
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (f file) checkKey(name string, known []Key, primitive toml.Primitive, what string) error {
	if !has(known, name) {
		return unknown(what, name, names(known), f.position(primitive))
	}
	var raw any
	if err := f.meta.PrimitiveDecode(primitive, &raw); err != nil {
		return f.syntax(err)
	}
	switch raw.(type) {
	case map[string]any, []map[string]any:
		return f.at(name+" is a table, a value is needed", primitive)
	}
	return nil
}

// locator is a decoder that fails: the error says where in the file it was.
type locator struct{}

func (*locator) UnmarshalTOML(any) error { return errors.New("here") }

func (f file) position(primitive toml.Primitive) string {
	var parse toml.ParseError
	if err := f.meta.PrimitiveDecode(primitive, &locator{}); errors.As(err, &parse) && parse.Position.Line > 0 {
		return fmt.Sprintf("%s:%d", f.path, parse.Position.Line)
	}
	return f.path
}

func (f file) at(message string, primitive toml.Primitive) error {
	return fmt.Errorf("%s: %s", f.position(primitive), message)
}

// top returns the values outside of pools.
func (f file) top() map[string]Value {
	primitives := map[string]toml.Primitive{}
	for key, primitive := range f.tables {
		if _, list := f.lists[key]; key != "pool" && !list {
			primitives[key] = primitive
		}
	}
	return f.decode(primitives)
}

func (f file) pool(name string) map[string]Value { return f.decode(f.pools[name]) }

func (f file) decode(primitives map[string]toml.Primitive) map[string]Value {
	values := map[string]Value{}
	for key, primitive := range primitives {
		var raw any
		if err := f.meta.PrimitiveDecode(primitive, &raw); err != nil {
			continue // check has decoded it before
		}
		values[key] = Value{Raw: plain(raw), Origin: f.position(primitive)}
	}
	return values
}

// plain gives a time of day back as it was written: walltime = 00:20:00 without
// quotes is one for TOML.
func plain(raw any) any {
	if clock, ok := raw.(time.Time); ok && clock.Location().String() == "time-local" { // the decoder's name for it
		return clock.Format(time.TimeOnly)
	}
	return raw
}
