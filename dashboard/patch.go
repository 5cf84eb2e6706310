package dashboard

import (
	"encoding/json"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"time"
)

// appendPatch appends the JSON merge patch (RFC 7396) that turns what encoding/json
// makes of old into what it makes of new, and says whether there is a difference.
// Structs and maps with string keys are compared part by part, all else as a whole.
// The types must have no part that is null and not left out.
func appendPatch(out []byte, old, new reflect.Value) ([]byte, bool) {
	switch {
	case new.Type() == reflect.TypeFor[time.Time]():
		if old.Interface().(time.Time).Equal(new.Interface().(time.Time)) {
			return out, false
		}
	case new.Kind() == reflect.Struct:
		return appendStruct(out, old, new)
	case new.Kind() == reflect.Map:
		return appendMap(out, old, new)
	case equal(old, new):
		return out, false
	}
	return appendValue(out, new), true
}

func equal(old, new reflect.Value) bool {
	switch new.Kind() {
	case reflect.Slice, reflect.Pointer, reflect.Interface:
		return reflect.DeepEqual(old.Interface(), new.Interface())
	}
	return old.Equal(new)
}

func appendStruct(out []byte, old, new reflect.Value) ([]byte, bool) {
	start := len(out)
	out = append(out, '{')
	for _, f := range fieldsOf(new.Type()) {
		mark := len(out)
		o, n := old.FieldByIndex(f.index), new.FieldByIndex(f.index)
		out = append(out, f.prefix...)
		var changed bool
		if f.omit && empty(n) {
			changed = !empty(o)
			out = append(out, "null,"...)
		} else if out, changed = appendPatch(out, o, n); changed {
			out = append(out, ',')
		}
		if !changed {
			out = out[:mark]
		}
	}
	return closed(out, start)
}

func appendMap(out []byte, old, new reflect.Value) ([]byte, bool) {
	start := len(out)
	out = append(out, '{')
	for i := new.MapRange(); i.Next(); {
		mark := len(out)
		out = append(appendValue(out, i.Key()), ':')
		changed := true
		if o := old.MapIndex(i.Key()); o.IsValid() {
			out, changed = appendPatch(out, o, i.Value())
		} else {
			out = appendValue(out, i.Value())
		}
		if out = append(out, ','); !changed {
			out = out[:mark]
		}
	}
	for i := old.MapRange(); i.Next(); {
		if !new.MapIndex(i.Key()).IsValid() {
			out = append(append(appendValue(out, i.Key()), ":null"...), ',')
		}
	}
	return closed(out, start)
}

// closed ends an object whose members all end in a comma.
func closed(out []byte, start int) ([]byte, bool) {
	if len(out) == start+1 {
		return out[:start], false
	}
	out[len(out)-1] = '}'
	return out, true
}

func appendValue(out []byte, v reflect.Value) []byte {
	switch {
	case v.CanInt():
		return strconv.AppendInt(out, v.Int(), 10)
	case v.CanUint():
		return strconv.AppendUint(out, v.Uint(), 10)
	}
	text, err := json.Marshal(v.Interface())
	if err != nil { // NaN, for one
		return append(out, "null"...)
	}
	return append(out, text...)
}

func empty(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Slice, reflect.Map:
		return v.Len() == 0
	}
	return v.IsZero()
}

// member is a field of a struct as encoding/json sees it.
type member struct {
	index  []int
	prefix string // "name":
	omit   bool   // if empty
}

// members remembers fieldsOf: to look at tags takes longer than to compare.
var members sync.Map

// fieldsOf lists the fields of a struct as encoding/json does: a field hides those
// of the same name in embedded structs.
func fieldsOf(t reflect.Type) []member {
	if known, ok := members.Load(t); ok {
		return known.([]member)
	}
	list := collect(t, nil, map[string]bool{})
	members.Store(t, list)
	return list
}

func collect(t reflect.Type, path []int, seen map[string]bool) (list []member) {
	var embedded [][]int
	for i := range t.NumField() {
		f, index := t.Field(i), append(path[:len(path):len(path)], i)
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case f.Anonymous && name == "":
			embedded = append(embedded, index)
		case f.IsExported() && name != "" && name != "-" && !seen[name]:
			seen[name] = true
			list = append(list, member{index, strconv.Quote(name) + ":", strings.Contains(options, "omit")})
		}
	}
	for _, index := range embedded {
		list = append(list, collect(t.Field(index[len(index)-1]).Type, index, seen)...)
	}
	return list
}
