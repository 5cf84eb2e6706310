package jobscript

import "github.com/ewoks-hpc/ewoks-hpc/resource"

// Bytes is an amount of memory.
type Bytes = resource.Bytes

// ParseMemory reads an amount of memory as resource.ParseMemory does.
func ParseMemory(text string) (Bytes, error) {
	bytes, err := resource.ParseMemory(text)
	return bytes, refusal(err)
}

// refusal makes an error of package resource one about an option.
func refusal(err error) error {
	if e, ok := err.(*resource.ValueError); ok {
		return refuse("%s", e.Error()).withHint(e.Hint())
	}
	return err
}
