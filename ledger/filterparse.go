package ledger

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// limits of a filter.
const (
	maxFilter     = 4096 // bytes
	maxDepth      = 50
	maxConditions = 100
)

// ParseFilter reads conditions FIELD OP VALUE, joined by and, or, not and
// parentheses; "and" binds more strongly than "or". OP is = != < <= > >= and, for
// text, ~= (contains, in any case) and !~. A value with spaces or parentheses is
// put in quotes, single or double; a quote within is doubled. Fields are row,
// state, attempts, cause, error, type, message, task, node, worker, job, run,
// log, key, priority, duration ("90s"), memory ("2G") and params.COLUMN. Errors
// are of type FilterError.
func ParseFilter(text string) (Filter, error) {
	p := &parser{text: text}
	if len(text) > maxFilter {
		return Filter{}, p.fail("more than %d bytes", maxFilter)
	}
	if !utf8.ValidString(text) {
		return Filter{}, p.fail("not UTF-8")
	}
	f, err := p.any()
	if p.space(); err == nil && p.at < len(text) {
		err = p.fail("%q is not understood, and, or or the end is expected", p.rest())
	}
	if err != nil {
		return Filter{}, err
	}
	return f, nil
}

// parser reads a filter by recursive descent.
type parser struct {
	text       string
	at         int
	depth      int
	conditions int
}

func (p *parser) fail(format string, args ...any) error {
	return &FilterError{Text: p.text, At: p.at, Message: fmt.Sprintf(format, args...)}
}

func (p *parser) rest() string { return excerpt(p.text[p.at:]) }

func (p *parser) space() {
	for p.at < len(p.text) && strings.IndexByte(" \t\r\n", p.text[p.at]) >= 0 {
		p.at++
	}
}

// any is a list of alternatives, all a list of what must hold together.
func (p *parser) any() (Filter, error) { return p.joined("or", " OR ", p.all) }
func (p *parser) all() (Filter, error) { return p.joined("and", " AND ", p.one) }

func (p *parser) joined(word, operator string, operand func() (Filter, error)) (Filter, error) {
	f, err := operand()
	for err == nil && p.word(word) {
		var g Filter
		if g, err = operand(); err == nil {
			f = Filter{"(" + f.where + operator + g.where + ")", append(f.args, g.args...)}
		}
	}
	return f, err
}

// word takes a keyword, in any case, that is not the beginning of a longer one.
func (p *parser) word(word string) bool {
	p.space()
	end := p.at + len(word)
	if end > len(p.text) || !strings.EqualFold(p.text[p.at:end], word) || end < len(p.text) && strings.IndexByte(" \t\r\n(", p.text[end]) < 0 {
		return false
	}
	p.at = end
	return true
}

// one is a condition, or a filter in parentheses, or the opposite of one.
func (p *parser) one() (f Filter, err error) {
	if p.depth++; p.depth > maxDepth {
		return f, p.fail("nested more than %d deep", maxDepth)
	}
	defer func() { p.depth-- }()
	if p.word("not") {
		f, err = p.one()
		return Filter{"NOT " + f.where, f.args}, err
	}
	if p.space(); !strings.HasPrefix(p.text[p.at:], "(") {
		return p.condition()
	}
	p.at++
	if f, err = p.any(); err != nil {
		return f, err
	}
	if p.space(); !strings.HasPrefix(p.text[p.at:], ")") {
		return f, p.fail("a ) is missing")
	}
	p.at++
	return f, nil
}

// operators: the longer ones first.
var operators = []string{"!=", "!~", "~=", "<=", ">=", "=", "<", ">"}

func (p *parser) condition() (Filter, error) {
	if p.conditions++; p.conditions > maxConditions {
		return Filter{}, p.fail("more than %d conditions", maxConditions)
	}
	start := p.at
	name, err := p.field()
	if err != nil {
		return Filter{}, err
	}
	p.space()
	for _, operator := range operators {
		if !strings.HasPrefix(p.text[p.at:], operator) {
			continue
		}
		p.at += len(operator)
		value, err := p.value()
		if err != nil {
			return Filter{}, err
		}
		f, failure := condition(name, operator, value)
		if failure != nil {
			failure.Text, failure.At = p.text, start
			return Filter{}, failure
		}
		return f, nil
	}
	return Filter{}, p.fail("after %q one of %s is expected", name, strings.Join(operators, " "))
}

// field is a name; the column after params. may be in quotes.
func (p *parser) field() (string, error) {
	start := p.at
	for p.at < len(p.text) && strings.IndexByte(" \t\r\n()=!<>~\"'", p.text[p.at]) < 0 {
		p.at++
	}
	name := p.text[start:p.at]
	if name == paramsPrefix && p.at < len(p.text) && strings.IndexByte(`"'`, p.text[p.at]) >= 0 {
		column, err := p.quoted()
		return name + column, err
	}
	if name == "" {
		return "", p.fail("the name of a field is expected, not %q", p.rest())
	}
	return name, nil
}

func (p *parser) value() (string, error) {
	p.space()
	if p.at < len(p.text) && strings.IndexByte(`"'`, p.text[p.at]) >= 0 {
		return p.quoted()
	}
	start := p.at
	for p.at < len(p.text) && strings.IndexByte(" \t\r\n()", p.text[p.at]) < 0 {
		p.at++
	}
	if p.at == start {
		return "", p.fail(`a value is expected; the empty text is ""`)
	}
	return p.text[start:p.at], nil
}

func (p *parser) quoted() (string, error) {
	quote := p.text[p.at]
	var out strings.Builder
	for i := p.at + 1; i < len(p.text); i++ {
		if p.text[i] != quote {
			out.WriteByte(p.text[i])
			continue
		}
		if i+1 == len(p.text) || p.text[i+1] != quote {
			p.at = i + 1
			return out.String(), nil
		}
		out.WriteByte(quote)
		i++
	}
	return "", p.fail("the quote is not closed")
}
