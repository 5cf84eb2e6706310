package jobscript

import "strings"

// Asked returns the value that a script gives to an option of sbatch, by its long
// name without dashes. Reading the text finds what a user's template adds, too.
func Asked(script, name string) (value string, ok bool) {
	for line := range strings.Lines(script) {
		line = strings.TrimSpace(line)
		if line != "" && !strings.HasPrefix(line, "#") {
			break // sbatch reads no further either
		}
		directive, found := strings.CutPrefix(line, "#SBATCH ")
		if !found {
			continue
		}
		for _, o := range parseOptions(directive) {
			if o.name == name {
				value, ok = o.value, true
			}
		}
	}
	return value, ok
}
