package workflow

import (
	"regexp"
	"strconv"
	"strings"
)

// schemaVersion is what a dump says: the version of ewokscore 5.
const schemaVersion = "1.2"

var releasePattern = regexp.MustCompile(`^v?[0-9]+(\.[0-9]+)*$`)

// schemaVersion decodes graph.schema_version. All known versions mean the same
// to this program, so there is nothing to upgrade.
func (d *decoder) schemaVersion() error {
	text, err := d.stringOnly("schema_version")
	if err != nil {
		return err
	}
	switch release(text) {
	case "", "1", "1.1", "1.2":
	case "0":
		d.problem(KindSchema, "schema_version", "schema version "+quote(text)+" is not supported any more",
			"only ewokscore>=0.0,<0.0.1 reads such a graph")
	case "invalid":
		d.problem(KindSchema, "schema_version", "schema version "+quote(text)+" is not a version", `write "`+schemaVersion+`"`)
	default:
		d.problem(KindSchema, "schema_version", "schema version "+quote(text)+" is invalid or newer than this program",
			"this program reads schema versions 1.0 to "+schemaVersion)
	}
	return nil
}

// release normalises a version: "1.1.0" is "1.1", "1.0" is "1".
func release(text string) string {
	text = strings.ToLower(strings.TrimSpace(text))
	if text == "" {
		return ""
	}
	if !releasePattern.MatchString(text) {
		if text[0] >= '0' && text[0] <= '9' {
			return text // a pre-release or the like: a version, but not a known one
		}
		return "invalid"
	}
	parts := strings.Split(strings.TrimPrefix(text, "v"), ".")
	for i, part := range parts {
		if n, err := strconv.Atoi(part); err == nil {
			parts[i] = strconv.Itoa(n)
		}
	}
	for len(parts) > 1 && parts[len(parts)-1] == "0" {
		parts = parts[:len(parts)-1]
	}
	return strings.Join(parts, ".")
}

// serializer decodes the note of ewokscore 5 on how values were encoded.
// Values that need Python to decode them cannot be used here.
func (d *decoder) serializer() error {
	return d.mapping("__ewoks_serialize__", func(key []byte) error {
		if string(key) != "serializer" {
			return d.skip()
		}
		name, err := d.stringOnly("serializer")
		if name != "" && name != "json" {
			d.problem(KindSchema, "__ewoks_serialize__", "the values are encoded with the serializer "+quote(name),
				"save the workflow without a serializer")
		}
		return err
	})
}
