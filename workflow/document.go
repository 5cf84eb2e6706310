package workflow

import (
	"bytes"
	"encoding/json"

	"github.com/ewoks-hpc/ewoks-hpc/resource"
)

// AppendJSON appends the workflow as a flat ewoks document without line breaks
// of its own. Loading it gives the same workflow. It is how a workflow travels.
func (w *Workflow) AppendJSON(out []byte) []byte {
	out = append(out, `{"graph":`...)
	out = w.appendGraph(out)
	out = append(out, `,"nodes":[`...)
	for i := range w.Nodes {
		out = appendNode(appendComma(out), &w.Nodes[i])
	}
	out = append(out, `],"links":[`...)
	for i := range w.Links {
		out = w.appendLink(appendComma(out), &w.Links[i])
	}
	return append(out, "]}"...)
}

// MarshalJSON is AppendJSON for encoding/json.
func (w *Workflow) MarshalJSON() ([]byte, error) {
	const perElement = 160
	return w.AppendJSON(make([]byte, 0, perElement*(len(w.Nodes)+len(w.Links)+1))), nil
}

// Document is the workflow as an indented JSON document, for files.
func (w *Workflow) Document() ([]byte, error) {
	var out bytes.Buffer
	if err := json.Indent(&out, w.AppendJSON(nil), "", "  "); err != nil {
		return nil, err
	}
	out.WriteByte('\n')
	return out.Bytes(), nil
}

func (w *Workflow) appendGraph(out []byte) []byte {
	out = append(out, '{')
	if w.ID != "" {
		out = appendString(appendKey(out, "id"), w.ID)
	}
	if w.Label != w.ID && w.Label != "" {
		out = appendString(appendKey(out, "label"), w.Label)
	}
	out = appendString(appendKey(out, "schema_version"), schemaVersion)
	out = appendAliases(out, "input_nodes", w.inputNodes)
	out = appendAliases(out, "output_nodes", w.outputNodes)
	return append(appendExtra(out, w.Extra), '}')
}

func appendAliases(out []byte, key string, aliases []alias) []byte {
	if len(aliases) == 0 {
		return out
	}
	out = append(appendKey(out, key), '[')
	for _, a := range aliases {
		out = append(appendComma(out), '{')
		if a.has&hasID != 0 {
			out = appendID(appendKey(out, "id"), a.id)
		}
		if a.has&hasNode != 0 {
			out = appendID(appendKey(out, "node"), a.node)
		}
		if a.has&hasSubNode != 0 {
			out = appendID(appendKey(out, "sub_node"), a.subNode)
		}
		if a.attrs.has != 0 || len(a.attrs.extra) > 0 {
			out = append(appendKey(out, "link_attributes"), '{')
			out = append(appendLinkAttrs(out, &a.attrs), '}')
		}
		out = append(appendExtra(out, a.extra), '}')
	}
	return append(out, ']')
}

func appendNode(out []byte, n *Node) []byte {
	out = append(out, '{')
	out = appendID(appendKey(out, "id"), n.ID)
	for _, text := range [...]struct{ key, value string }{
		{"label", n.Label}, {"task_type", n.TaskType}, {"task_identifier", n.Identifier}, {"task_generator", n.Generator},
	} {
		if text.value != "" {
			out = appendString(appendKey(out, text.key), text.value)
		}
	}
	if len(n.DefaultInputs) > 0 {
		out = append(appendKey(out, "default_inputs"), '[')
		for _, in := range n.DefaultInputs {
			out = appendArg(append(appendComma(out), `{"name":`...), in.Name)
			out = append(appendRaw(append(out, `,"value":`...), in.Value), '}')
		}
		out = append(out, ']')
	}
	if n.ForceStart {
		out = append(appendKey(out, "force_start_node"), "true"...)
	}
	if n.ElseValue != nil {
		out = append(appendKey(out, "conditions_else_value"), n.ElseValue...)
	}
	if n.VarInfo != nil {
		out = append(appendKey(out, "varinfo"), n.VarInfo...)
	}
	if n.Resources != (resource.Need{}) {
		out = n.Resources.AppendJSON(appendKey(out, "resources"))
	}
	return append(appendExtra(out, n.Extra), '}')
}

func (w *Workflow) appendLink(out []byte, l *Link) []byte {
	out = append(out, '{')
	out = appendID(appendKey(out, "source"), w.Nodes[l.Source].ID)
	out = appendID(appendKey(out, "target"), w.Nodes[l.Target].ID)
	attrs := linkAttrs{
		dataMapping: l.DataMapping, mapAll: l.MapAll, conditions: l.Conditions, onError: l.OnError,
		required: l.Required, cache: l.CacheIfOptional, extra: l.Extra,
	}
	attrs.has = attrs.meaningful()
	return append(appendLinkAttrs(out, &attrs), '}')
}

// meaningful are the attributes that differ from their defaults.
func (a *linkAttrs) meaningful() (has field) {
	for _, attribute := range [...]struct {
		bit field
		set bool
	}{
		{hasDataMapping, len(a.dataMapping) > 0}, {hasMapAll, a.mapAll}, {hasConditions, len(a.conditions) > 0},
		{hasOnError, a.onError}, {hasRequired, a.required != nil}, {hasCache, a.cache},
	} {
		if attribute.set {
			has |= attribute.bit
		}
	}
	return has
}

// appendLinkAttrs writes the attributes that are given, so that an alias can
// also give a default on purpose.
func appendLinkAttrs(out []byte, a *linkAttrs) []byte {
	if a.has&hasDataMapping != 0 {
		out = append(appendKey(out, "data_mapping"), '[')
		for _, m := range a.dataMapping {
			out = append(appendComma(out), '{')
			if m.Output != "" {
				out = appendArg(appendKey(out, "source_output"), m.Output)
			}
			out = append(appendArg(appendKey(out, "target_input"), m.Input), '}')
		}
		out = append(out, ']')
	}
	if a.has&hasMapAll != 0 {
		out = appendBool(appendKey(out, "map_all_data"), a.mapAll)
	}
	if a.has&hasConditions != 0 {
		out = append(appendKey(out, "conditions"), '[')
		for _, c := range a.conditions {
			out = appendArg(append(appendComma(out), `{"source_output":`...), c.Output)
			out = append(appendRaw(append(out, `,"value":`...), c.Value), '}')
		}
		out = append(out, ']')
	}
	if a.has&hasOnError != 0 {
		out = appendBool(appendKey(out, "on_error"), a.onError)
	}
	if a.has&hasRequired != 0 {
		if out = appendKey(out, "required"); a.required == nil {
			out = append(out, "null"...)
		} else {
			out = appendBool(out, *a.required)
		}
	}
	if a.has&hasCache != 0 {
		out = appendBool(appendKey(out, "cache_if_optional"), a.cache)
	}
	return appendExtra(out, a.extra)
}

func appendBool(out []byte, b bool) []byte {
	if b {
		return append(out, "true"...)
	}
	return append(out, "false"...)
}
