package app

import (
	"os"
	"path/filepath"
)

// Clusters are the names of the clusters that have left something in the state root:
// those that are up, and those that were.
func Clusters(root string) (names []string, err error) {
	if root, err = StateRoot(root); err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(root)
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		dir := filepath.Join(root, e.Name())
		for _, file := range []string{infoFile, logFile} {
			if _, err := os.Stat(filepath.Join(dir, file)); err == nil {
				names = append(names, e.Name())
				break
			}
		}
	}
	return names, nil
}
