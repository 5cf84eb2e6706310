package jobscript

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Kind says how the value of an option is written.
type Kind int

// The kinds of options. A List may be given several times on a command line.
const (
	String Kind = iota
	Int
	Bool
	Duration
	List
)

func (k Kind) String() string { return [...]string{"string", "int", "bool", "duration", "list"}[k] }

// Option describes one option of a pool. Command line, configuration file and
// documentation are made from these descriptors.
type Option struct {
	Key     string   // in files and, in capitals, in the environment
	Flag    string   // on the command line; singular for a list
	Aliases []string // other spellings of the flag
	Kind    Kind
	Default string // "" for none
	Help    string

	set   func(p *Pool, values []string) error
	get   func(p Pool) any
	check func(p Pool) error
}

// Set gives the option a value, replacing what was there. Only a List takes
// more or fewer than one value. Errors name the option.
func (o Option) Set(p *Pool, values ...string) error {
	if o.Kind != List && len(values) != 1 {
		return in(o.Key, refuse("%d values given, one is needed", len(values)))
	}
	changed := *p
	if err := o.set(&changed, values); err != nil {
		return in(o.Key, err)
	}
	if err := o.check(changed); err != nil {
		return in(o.Key, err)
	}
	*p = changed
	return nil
}

// SetAny is Set for a value as a configuration holds it: a string, an integer,
// a boolean, or a list of them.
func (o Option) SetAny(p *Pool, raw any) error {
	var items []any
	switch list := raw.(type) {
	case []any:
		if o.Kind != List {
			return in(o.Key, refuse("a list given, a %s is needed", o.Kind))
		}
		items = list
	case []string:
		return o.Set(p, list...)
	default:
		items = []any{raw}
	}
	values := make([]string, len(items))
	for i, item := range items {
		switch item.(type) {
		case string, int, int64, bool, time.Duration:
			values[i] = fmt.Sprint(item)
		default:
			return in(o.Key, refuse("a %T given, a %s is needed", item, o.Kind))
		}
	}
	return o.Set(p, values...)
}

// Get returns the value as string, int, bool, time.Duration or []string; nil
// when the option is not given.
func (o Option) Get(p Pool) any { return o.get(p) }

func newOption(key, help string, kind Kind) Option {
	flag := strings.ReplaceAll(key, "_", "-")
	option := Option{Key: key, Flag: flag, Kind: kind, Help: help}
	if singular := strings.TrimSuffix(flag, "s"); kind == List && singular != flag {
		option.Flag, option.Aliases = singular, []string{flag}
	}
	return option
}

func stringOption(key, help string, field func(*Pool) *string, check func(string) error) Option {
	o := newOption(key, help, String)
	o.set = func(p *Pool, values []string) error {
		if values[0] == "" {
			return refuse("an empty value").withHint("leave the option out")
		}
		*field(p) = values[0]
		return nil
	}
	o.get = func(p Pool) any { return present(*field(&p)) }
	o.check = func(p Pool) error {
		if value := *field(&p); value != "" {
			return check(value)
		}
		return nil
	}
	return o
}

func intOption(key, help string, field func(*Pool) *int) Option {
	o := newOption(key, help, Int)
	o.set = func(p *Pool, values []string) error {
		n, err := strconv.Atoi(values[0])
		if err != nil || n < 1 {
			return refuse("%q is not a whole number from 1 up", clip(values[0]))
		}
		*field(p) = n
		return nil
	}
	o.get = func(p Pool) any { return present(*field(&p)) }
	o.check = func(p Pool) error {
		if n := *field(&p); n < 0 || n > maxCount {
			return refuse("%d is out of range", n)
		}
		return nil
	}
	return o
}

func boolOption(key, help string, field func(*Pool) *bool) Option {
	o := newOption(key, help, Bool)
	o.set = func(p *Pool, values []string) error {
		value, err := strconv.ParseBool(values[0])
		if err != nil {
			return refuse("%q is not true or false", clip(values[0]))
		}
		*field(p) = value
		return nil
	}
	o.get = func(p Pool) any { return present(*field(&p)) }
	o.check = func(Pool) error { return nil }
	return o
}

func durationOption(key, help string, field func(*Pool) *time.Duration, parse func(string) (time.Duration, error), check func(time.Duration) error) Option {
	o := newOption(key, help, Duration)
	o.set = func(p *Pool, values []string) (err error) {
		*field(p), err = parse(values[0])
		return err
	}
	o.get = func(p Pool) any { return present(*field(&p)) }
	o.check = func(p Pool) error {
		if d := *field(&p); d != 0 {
			return check(d)
		}
		return nil
	}
	return o
}

func listOption(key, help string, field func(*Pool) *[]string, check func(string) error) Option {
	o := newOption(key, help, List)
	o.set = func(p *Pool, values []string) error {
		*field(p) = append([]string(nil), values...)
		return nil
	}
	o.get = func(p Pool) any {
		if list := *field(&p); len(list) > 0 {
			return list
		}
		return nil
	}
	o.check = func(p Pool) error {
		for _, item := range *field(&p) {
			if err := check(item); err != nil {
				return err
			}
		}
		return nil
	}
	return o
}

func present[T comparable](value T) any {
	var zero T
	if value == zero {
		return nil
	}
	return value
}
