package history

import (
	"cmp"
	"errors"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"
)

// kept is what the disk has of a key.
type kept struct {
	key    string
	size   int64
	newest time.Time
}

// list looks at the folder: the keys, the one that nothing was added to for the
// longest time first.
func (w *writer) list() ([]kept, error) {
	entries, err := os.ReadDir(w.files.dir)
	if err != nil {
		return nil, err
	}
	keys := map[string]*kept{}
	for _, e := range entries {
		key, ok := strings.CutSuffix(e.Name(), attemptsFile)
		if !ok {
			key, ok = strings.CutSuffix(e.Name(), aboutFile)
		}
		info, err := e.Info()
		if !ok || err != nil || !info.Mode().IsRegular() {
			continue
		}
		k := keys[key]
		if k == nil {
			k = &kept{key: key}
			keys[key] = k
		}
		k.size += info.Size()
		if info.ModTime().After(k.newest) {
			k.newest = info.ModTime()
		}
	}
	all := make([]kept, 0, len(keys))
	for _, k := range keys {
		all = append(all, *k)
	}
	slices.SortFunc(all, func(a, b kept) int { return cmp.Or(a.newest.Compare(b.newest), cmp.Compare(a.key, b.key)) })
	return all, nil
}

func (w *writer) remove(key string) error {
	var failures []error
	for _, ending := range []string{attemptsFile, aboutFile} {
		if f := w.files.byName[key+ending]; f != nil {
			w.files.close(f)
		}
		path := w.log.path(key, ending)
		info, err := os.Stat(path)
		if err == nil {
			err = os.Remove(path)
		}
		switch {
		case err == nil:
			w.total -= info.Size()
		case !errors.Is(err, fs.ErrNotExist):
			failures = append(failures, err)
		}
	}
	delete(w.missed, key)
	delete(w.noted, key)
	return errors.Join(failures...)
}

func (w *writer) prune(before time.Time) (n int, err error) {
	all, err := w.list()
	for _, k := range all {
		if err != nil || !k.newest.Before(before) {
			break
		}
		if err = w.remove(k.key); err == nil {
			n++
		}
	}
	return n, err
}

// makeRoom removes the oldest records that are not being written, with a tenth to
// spare so that this is seldom, and tells whether there is room then.
func (w *writer) makeRoom(need int64) bool {
	limit := w.log.o.MaxTotal
	all, err := w.list()
	if err != nil {
		w.complain(err)
		return false
	}
	for _, k := range all {
		if w.total+need <= limit-limit/10 {
			break
		}
		if w.files.byName[k.key+attemptsFile] != nil || w.files.byName[k.key+aboutFile] != nil {
			continue
		}
		if err := w.remove(k.key); err != nil {
			w.complain(err)
			continue
		}
		w.log.o.Logger.Info("old records of attempts removed, because there are too many", "key", k.key)
	}
	return w.total+need <= limit
}
