package campaigner

import (
	"errors"
	"io/fs"
	"os"
	"time"
)

// Changed tells when the ledger of each campaign was written last.
func (f Folder) Changed() (map[string]time.Time, error) {
	names, err := f.Names()
	if err != nil {
		return nil, err
	}
	changed := make(map[string]time.Time, len(names))
	for _, name := range names {
		for _, path := range []string{f.path(name), f.path(name) + "-wal"} {
			info, err := os.Stat(path)
			if errors.Is(err, fs.ErrNotExist) || err == nil && info.Size() == 0 { // readers leave an empty log
				continue
			}
			if err != nil {
				return nil, err
			}
			if at := info.ModTime(); at.After(changed[name]) {
				changed[name] = at
			}
		}
	}
	return changed, nil
}
