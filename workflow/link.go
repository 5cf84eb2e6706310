package workflow

// link decodes one entry of "links".
func (d *decoder) link(doc *document) error {
	if d.peek() != '{' {
		return d.wrong("an entry of links", "a mapping")
	}
	if err := d.takeRoom(); err != nil {
		return err
	}
	first := len(d.report.problems)
	doc.links = append(doc.links, link{})
	l := &doc.links[len(doc.links)-1]
	err := d.object(func(key []byte) error { return d.linkMember(doc, l, key) })
	if err == nil && len(d.report.problems) == first {
		if l.has&hasSource == 0 {
			d.problem(KindDocument, "source", "the link has no source", "")
		}
		if l.has&hasTarget == 0 {
			d.problem(KindDocument, "target", "the link has no target", "")
		}
	}
	for i := first; i < len(d.report.problems); i++ {
		doc.badLinks = true
		d.report.problems[i].Link = l.source.String() + " -> " + l.target.String()
	}
	return err
}

func (d *decoder) linkMember(doc *document, l *link, key []byte) (err error) {
	switch string(key) {
	case "source":
		err = d.requiredID(&l.source, &l.has, hasSource, "source")
	case "target":
		err = d.requiredID(&l.target, &l.has, hasTarget, "target")
	case "sub_source":
		err = d.optionalID(&l.subSource, &l.has, hasSubSource, "sub_source")
	case "sub_target":
		err = d.optionalID(&l.subTarget, &l.has, hasSubTarget, "sub_target")
	case "sub_target_attributes":
		l.has |= hasSubAttributes
		l.subAttrs = &node{}
		err = d.mapping("sub_target_attributes", func(key []byte) error {
			return d.nodeAttribute(l.subAttrs, key)
		})
	case "key":
		raw, err := d.raw()
		l.key = string(raw)
		if l.key == "null" {
			l.key = ""
		}
		return err
	default:
		err = d.linkAttribute(&l.linkAttrs, key)
	}
	return err
}

func (d *decoder) requiredID(id *ID, has *field, bit field, name string) error {
	value, _, ok, err := d.id(name)
	if ok {
		*id = value
		*has |= bit
	}
	return err
}

// linkAttributes decodes a mapping of link attributes; null is none.
func (d *decoder) linkAttributes(field string, a *linkAttrs) error {
	return d.mapping(field, func(key []byte) error { return d.linkAttribute(a, key) })
}

func (d *decoder) linkAttribute(a *linkAttrs, key []byte) (err error) {
	switch string(key) {
	case "data_mapping":
		a.dataMapping = nil
		a.has |= hasDataMapping
		err = d.list("data_mapping", func() error { return d.dataMapping(a) })
	case "map_all_data":
		a.has |= hasMapAll
		err = d.boolean("map_all_data", &a.mapAll)
	case "conditions":
		a.conditions = nil
		a.has |= hasConditions
		err = d.list("conditions", func() error { return d.condition(a) })
	case "on_error":
		a.has |= hasOnError
		err = d.boolean("on_error", &a.onError)
	case "required":
		a.has |= hasRequired
		a.required, err = d.tristate("required")
	case "cache_if_optional":
		a.has |= hasCache
		err = d.boolean("cache_if_optional", &a.cache)
	default:
		err = d.keep(&a.extra, key)
	}
	return err
}

func (d *decoder) dataMapping(a *linkAttrs) error {
	if d.peek() != '{' {
		return d.wrong("an entry of data_mapping", "a mapping")
	}
	var m Mapping
	before := len(d.report.problems)
	err := d.object(func(key []byte) (err error) {
		switch string(key) {
		case "source_output":
			m.Output, err = d.named("source_output")
		case "target_input":
			m.Input, err = d.named("target_input")
		default:
			err = d.skip()
		}
		return err
	})
	switch {
	case err != nil || len(d.report.problems) > before:
	case m.Input == "":
		d.problem(KindTarget, "data_mapping", "an entry of data_mapping has no target_input", "")
	default:
		a.dataMapping = append(a.dataMapping, m)
	}
	return err
}

func (d *decoder) condition(a *linkAttrs) error {
	if d.peek() != '{' {
		return d.wrong("an entry of conditions", "a mapping")
	}
	var c Condition
	hasValue := false
	before := len(d.report.problems)
	err := d.object(func(key []byte) (err error) {
		switch string(key) {
		case "source_output":
			c.Output, err = d.named("source_output of a condition")
		case "value":
			hasValue = true
			c.Value, err = d.scalar("value of a condition")
		default:
			err = d.skip()
		}
		return err
	})
	switch {
	case err != nil || len(d.report.problems) > before:
	case c.Output == "":
		d.problem(KindDocument, "conditions", "a condition has no source_output", "")
	case !hasValue:
		d.problem(KindDocument, "conditions", "the condition on "+quote(string(c.Output))+" has no value", "")
	default:
		a.conditions = append(a.conditions, c)
	}
	return err
}
