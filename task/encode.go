package task

import (
	"encoding/json"
	"strconv"
)

// Requests and results are written by hand, not by reflection: they are the
// only messages whose cost counts once per task. Their JSON is, in words:
//
//	request: {"r":run,"s":seq,"a":attempt,"n":node,"l":label,"t":type,"i":identifier,
//	          "g":generator,"in":[[name,value]...],"w":wanted bits,"f":fatal,"b":batch,"x":limit in ms,"re":resources,
//	          "c":[[link,[[output,JSON value]...]]...],"ce":else value,
//	          "cx":context,"vi":varinfo of the node,"nx":the request that follows}
//	result:  {"r":run,"s":seq,"a":attempt,"k":status,"o":[[name,value]...],"fi":[link...],"bg":begun,"j":[[name,JSON as text]...],
//	          "e":failure,"so":stdout,"se":stderr,"d":duration in µs,"at":start in µs since 1970,
//	          "pm":peak memory in bytes,"sp":[[node,after in µs,duration in µs,failed]...]}
//	value:   null (missing), ["j",json], ["p",first blob,count], ["s",path,bytes],
//	         ["h",seq,output], ["b",output] or ["g",[[name,value]...]]

const (
	wantNone = 1 << iota
	wantKeep
	wantShow
	wantError
)

// Encoder gathers the header and the blobs of one frame.
type Encoder struct {
	Frame
}

// Raw appends text that is JSON already.
func (e *Encoder) Raw(text string) { e.Header = append(e.Header, text...) }

// Requests appends a JSON array of requests.
func (e *Encoder) Requests(reqs []*Request) {
	e.Raw("[")
	for i, r := range reqs {
		if i > 0 {
			e.Raw(",")
		}
		e.request(r)
	}
	e.Raw("]")
}

// Results appends a JSON array of results.
func (e *Encoder) Results(results []Result) {
	e.Raw("[")
	for i := range results {
		if i > 0 {
			e.Raw(",")
		}
		e.result(&results[i])
	}
	e.Raw("]")
}

func (e *Encoder) request(r *Request) {
	e.head(r.ID, r.Attempt)
	e.text(`,"n":`, r.Node)
	if r.Label != "" {
		e.text(`,"l":`, r.Label)
	}
	e.text(`,"t":`, r.Type)
	e.text(`,"i":`, r.Identifier)
	if r.Generator != "" {
		e.text(`,"g":`, r.Generator)
	}
	if len(r.Inputs) > 0 {
		e.Raw(`,"in":`)
		e.named(r.Inputs)
	}
	if w := r.Wanted.bits(); w != 0 {
		e.number(`,"w":`, int64(w))
	}
	if r.Fatal {
		e.Raw(`,"f":true`)
	}
	if r.Batch > 0 {
		e.number(`,"b":`, int64(r.Batch))
	}
	if len(r.Tests) > 0 {
		e.tests(r)
	}
	if len(r.Context) > 0 {
		e.verbatim(`,"cx":`, r.Context)
	}
	if len(r.VarInfo) > 0 {
		e.verbatim(`,"vi":`, r.VarInfo)
	}
	if r.Then != nil {
		e.Raw(`,"nx":`)
		e.request(r.Then)
	}
	if r.Resources.Sized() {
		size := r.Resources
		size.TimeLimit, size.Pool = 0, ""
		e.Raw(`,"re":`)
		e.Header = size.AppendJSON(e.Header)
	}
	if r.Limit > 0 {
		e.number(`,"x":`, max(1, r.Limit.Milliseconds()))
	}
	e.Raw("}")
}

func (e *Encoder) tests(r *Request) {
	e.Raw(`,"c":[`)
	for i, t := range r.Tests {
		if i > 0 {
			e.Raw(",")
		}
		e.number("[", int64(t.Link))
		e.Raw(",[")
		for j, c := range t.Conditions {
			if j > 0 {
				e.Raw(",")
			}
			e.text("[", c.Output)
			e.verbatim(",", c.Value)
			e.Raw("]")
		}
		e.Raw("]]")
	}
	e.Raw("]")
	if r.Else != nil {
		e.verbatim(`,"ce":`, r.Else)
	}
}

func (e *Encoder) result(r *Result) {
	e.head(r.ID, r.Attempt)
	e.number(`,"k":`, int64(r.Status))
	if len(r.Outputs) > 0 {
		e.Raw(`,"o":`)
		e.named(r.Outputs)
	}
	if r.Begun {
		e.Raw(`,"bg":true`)
	}
	for i, link := range r.Fired {
		e.number([]string{`,"fi":[`, ","}[min(i, 1)], int64(link))
	}
	if len(r.Fired) > 0 {
		e.Raw("]")
	}
	if len(r.Shown) > 0 {
		e.Raw(`,"j":[`)
		for i, s := range r.Shown {
			if i > 0 {
				e.Raw(",")
			}
			e.text("[", s.Name)
			e.text(",", string(s.JSON))
			e.Raw("]")
		}
		e.Raw("]")
	}
	if r.Failure != (Failure{}) {
		e.Raw(`,"e":`)
		b, _ := json.Marshal(r.Failure) // strings only: cannot fail
		e.Header = append(e.Header, b...)
	}
	if r.Stdout != "" {
		e.text(`,"so":`, r.Stdout)
	}
	if r.Stderr != "" {
		e.text(`,"se":`, r.Stderr)
	}
	e.number(`,"d":`, r.Duration.Microseconds())
	if !r.Started.IsZero() {
		e.number(`,"at":`, r.Started.UnixMicro())
	}
	if r.PeakMemory > 0 {
		e.number(`,"pm":`, r.PeakMemory)
	}
	if len(r.Steps) > 0 {
		e.steps(r.Steps)
	}
	e.Raw("}")
}

func (e *Encoder) steps(steps []Step) {
	e.Raw(`,"sp":[`)
	for i, s := range steps {
		if i > 0 {
			e.Raw(",")
		}
		e.text("[", s.Node)
		e.number(",", s.After.Microseconds())
		e.number(",", s.Duration.Microseconds())
		if s.Failed {
			e.Raw(",true]")
		} else {
			e.Raw(",false]")
		}
	}
	e.Raw("]")
}

func (e *Encoder) head(id ID, attempt int) {
	e.text(`{"r":`, id.Run)
	e.Raw(`,"s":`)
	e.Header = strconv.AppendUint(e.Header, id.Seq, 10)
	e.number(`,"a":`, int64(attempt))
}

func (e *Encoder) named(list []Named) {
	e.Raw("[")
	for i := range list {
		if i > 0 {
			e.Raw(",")
		}
		e.text("[", list[i].Name)
		e.Raw(",")
		e.Value(&list[i].Value)
		e.Raw("]")
	}
	e.Raw("]")
}

// Value appends a value as it is in requests and results.
func (e *Encoder) Value(v *Value) {
	switch v.Kind {
	case Literal:
		e.verbatim(`["j",`, v.JSON)
	case Pickled:
		e.number(`["p",`, int64(len(e.Blobs)))
		e.number(",", int64(len(v.Blobs)))
		e.Blobs = append(e.Blobs, v.Blobs...)
	case Stored:
		e.text(`["s",`, v.Path)
		e.number(",", v.Size)
	case Held:
		e.Raw(`["h",`)
		e.Header = strconv.AppendUint(e.Header, v.Seq, 10)
		e.text(",", v.Output)
	case Passed:
		e.text(`["b",`, v.Output)
	case Group:
		e.Raw(`["g",`)
		e.named(v.Members)
	default:
		e.Raw("null")
		return
	}
	e.Raw("]")
}

// verbatim appends a value that is JSON already; none at all is null.
func (e *Encoder) verbatim(before string, value json.RawMessage) {
	e.Raw(before)
	if len(value) == 0 {
		e.Raw("null")
		return
	}
	e.Header = append(e.Header, value...)
}

func (e *Encoder) number(before string, n int64) {
	e.Raw(before)
	e.Header = strconv.AppendInt(e.Header, n, 10)
}

func (e *Encoder) text(before, s string) {
	e.Raw(before)
	for i := range len(s) {
		if c := s[i]; c < 0x20 || c > 0x7e || c == '"' || c == '\\' {
			b, _ := json.Marshal(s) // a string: cannot fail
			e.Header = append(e.Header, b...)
			return
		}
	}
	e.Header = append(e.Header, '"')
	e.Header = append(e.Header, s...)
	e.Header = append(e.Header, '"')
}

func (w Wanted) bits() (bits int) {
	if w.None {
		bits |= wantNone
	}
	if w.Keep {
		bits |= wantKeep
	}
	if w.Show {
		bits |= wantShow
	}
	if w.Error {
		bits |= wantError
	}
	return bits
}
