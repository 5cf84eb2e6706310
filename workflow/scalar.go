package workflow

import (
	"encoding/json"
	"math"
	"math/big"
	"strconv"
	"strings"
)

// scalarKey is equal for JSON scalars that Python finds equal: true, 1 and 1.0
// are, 1 and "1" are not.
type scalarKey string

const (
	keyNull  scalarKey = "null"
	keyFalse scalarKey = "0"
	keyTrue  scalarKey = "1"
)

func keyOf(value json.RawMessage) scalarKey {
	if len(value) == 0 {
		return keyNull
	}
	switch value[0] {
	case 'n':
		return keyNull
	case 't':
		return keyTrue
	case 'f':
		return keyFalse
	case '"':
		var text string
		if json.Unmarshal(value, &text) == nil {
			return scalarKey(`"` + text)
		}
		return scalarKey(value)
	}
	return numberKey(string(value))
}

func numberKey(text string) scalarKey {
	if !strings.ContainsAny(text, ".eE") {
		if text == "-0" {
			return keyFalse
		}
		return scalarKey(text)
	}
	value, err := strconv.ParseFloat(text, 64)
	if err != nil || value != math.Trunc(value) {
		return scalarKey("float " + strconv.FormatFloat(value, 'g', -1, 64))
	}
	whole, _ := big.NewFloat(value).Int(nil)
	return scalarKey(whole.String())
}
