package workflow

import (
	"encoding/json"
	"fmt"
	"strconv"
)

// maxPosition bounds positional arguments: a call gets a value for every
// position up to the highest.
const maxPosition = 65535

// NewArg makes an argument name. Digits are a position, so "01" and "1" are
// the same argument. It fails for an empty name and a position above 65535.
func NewArg(name string) (Arg, error) {
	if name == "" {
		return "", fmt.Errorf("an argument name is empty")
	}
	n, ok := Arg(name).Position()
	if !ok {
		return Arg(name), nil
	}
	if n > maxPosition {
		return "", fmt.Errorf("argument position %d is above %d", n, maxPosition)
	}
	return Arg(strconv.Itoa(n)), nil
}

// UnmarshalJSON reads a name, or a position given as a number.
func (a *Arg) UnmarshalJSON(data []byte) error {
	d := newDecoder(data, 2, &report{})
	arg, problem, err := d.arg()
	switch {
	case err != nil:
		return err
	case problem != "":
		return fmt.Errorf("argument name %s: %s", data, problem)
	}
	*a = arg
	return nil
}

// MarshalJSON writes a position as a number and a name as a string.
func (a Arg) MarshalJSON() ([]byte, error) { return appendArg(nil, a), nil }

// SplitArgs separates positional from named arguments. Positional holds the
// value of each position; ok is false in the gaps, which a call fills with
// "missing data".
func SplitArgs(inputs []Input) (positional []PositionalArg, named []Input) {
	for _, in := range inputs {
		n, ok := in.Name.Position()
		if !ok {
			named = append(named, in)
			continue
		}
		for len(positional) <= n {
			positional = append(positional, PositionalArg{})
		}
		positional[n] = PositionalArg{Value: in.Value, Given: true}
	}
	return positional, named
}

// PositionalArg is the value at one position, or a gap.
type PositionalArg struct {
	Value json.RawMessage
	Given bool
}
