package ledger

import (
	"encoding/json"
	"strconv"
	"strings"
)

// kindOf tells what a column of the table holds, from the types of its values as
// SQLite sees them: "integer:integer,null:null". Numbers of both kinds are
// numbers; otherwise a mixture is kept as JSON.
func kindOf(types string) kind {
	found := map[kind]bool{}
	for _, pair := range strings.Split(types, ",") {
		switch pair {
		case "null:null":
		case "text:text":
			found[textKind] = true
		case "integer:integer":
			found[integerKind] = true
		case "real:real":
			found[numberKind] = true
		case "true:integer", "false:integer":
			found[booleanKind] = true
		default: // lists, objects, and whole numbers of more than 64 bits
			found[jsonKind] = true
		}
	}
	if found[integerKind] && found[numberKind] {
		delete(found, integerKind)
	}
	if len(found) != 1 {
		return jsonKind
	}
	for k := range found {
		return k
	}
	return jsonKind
}

// typed reads a JSON value as what its column holds; null is nil.
func typed(k kind, value json.RawMessage) (any, error) {
	text := string(value)
	if text == "null" {
		return nil, nil
	}
	switch k {
	case textKind:
		var s string
		err := json.Unmarshal(value, &s)
		return s, err
	case integerKind:
		return strconv.ParseInt(text, 10, 64)
	case numberKind:
		return strconv.ParseFloat(text, 64)
	case booleanKind:
		return strconv.ParseBool(text)
	}
	return text, nil
}
