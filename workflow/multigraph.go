package workflow

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
)

// pair is the two ends of a link, as positions.
type pair struct{ source, target int }

// mergeParallel merges the attributes of a parallel link into a: equal values
// once, lists one after the other, mappings key by key. It returns the key of
// the first contradiction.
func (a *linkAttrs) mergeParallel(o *linkAttrs) (conflict string) {
	both := a.has & o.has
	if both&hasDataMapping != 0 && !slices.Equal(a.dataMapping, o.dataMapping) {
		a.dataMapping = slices.Concat(a.dataMapping, o.dataMapping)
	}
	if both&hasConditions != 0 && !slices.EqualFunc(a.conditions, o.conditions, sameCondition) {
		a.conditions = slices.Concat(a.conditions, o.conditions)
	}
	switch {
	case both&hasMapAll != 0 && a.mapAll != o.mapAll:
		return "map_all_data"
	case both&hasOnError != 0 && a.onError != o.onError:
		return "on_error"
	case both&hasCache != 0 && a.cache != o.cache:
		return "cache_if_optional"
	case both&hasRequired != 0 && !sameFlag(a.required, o.required):
		return "required"
	}
	fresh := *o
	fresh.has &^= both
	fresh.extra = nil
	a.override(&fresh)
	extra, conflict := mergeExtra(a.extra, o.extra)
	if conflict == "" {
		a.extra = extra
	}
	return conflict
}

func sameFlag(a, b *bool) bool {
	return a == b || a != nil && b != nil && *a == *b
}

func sameCondition(a, b Condition) bool {
	return a.Output == b.Output && keyOf(a.Value) == keyOf(b.Value)
}

func mergeExtra(old, more map[string]json.RawMessage) (merged map[string]json.RawMessage, conflict string) {
	if len(old) == 0 || len(more) == 0 {
		return overrideExtra(old, more), ""
	}
	merged = overrideExtra(more, old)
	for key, value := range more {
		have, ok := old[key]
		if !ok {
			continue
		}
		both, err := concatJSON(have, value)
		if err != nil {
			return nil, key
		}
		merged[key] = both
	}
	return merged, ""
}

// sameJSON compares values, not their text.
func sameJSON(a, b json.RawMessage) bool {
	if bytes.Equal(a, b) {
		return true
	}
	if len(a) == 0 || len(b) == 0 {
		return false
	}
	var va, vb any
	if json.Unmarshal(a, &va) != nil || json.Unmarshal(b, &vb) != nil {
		return false
	}
	return reflect.DeepEqual(va, vb)
}

// concatJSON merges two values of one attribute of parallel links.
func concatJSON(a, b json.RawMessage) (json.RawMessage, error) {
	if sameJSON(a, b) {
		return a, nil
	}
	if a[0] != b[0] {
		return nil, fmt.Errorf("different types")
	}
	switch a[0] {
	case '[':
		var la, lb []json.RawMessage
		if err := json.Unmarshal(a, &la); err != nil {
			return nil, err
		}
		if err := json.Unmarshal(b, &lb); err != nil {
			return nil, err
		}
		return json.Marshal(append(la, lb...))
	case '"':
		var sa, sb string
		if err := json.Unmarshal(a, &sa); err != nil {
			return nil, err
		}
		if err := json.Unmarshal(b, &sb); err != nil {
			return nil, err
		}
		return appendString(nil, sa+sb), nil
	case '{':
		var ma, mb map[string]json.RawMessage
		if err := json.Unmarshal(a, &ma); err != nil {
			return nil, err
		}
		if err := json.Unmarshal(b, &mb); err != nil {
			return nil, err
		}
		merged, conflict := mergeExtra(ma, mb)
		if conflict != "" {
			return nil, fmt.Errorf("conflict at %s", conflict)
		}
		return json.Marshal(merged)
	}
	return nil, fmt.Errorf("different values")
}
