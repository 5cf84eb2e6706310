package task

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/ewoks-hpc/ewoks-hpc/resource"
)

// Hello is how a worker introduces itself. What identifies a worker for ever is
// Key, Job, Index and Restart together.
type Hello struct {
	Version int    `json:"version"`
	Worker  string `json:"worker"`
	// Key is the key of the launch that the worker belongs to.
	Key string `json:"key,omitempty"`
	// Job, Index and Restart are the Slurm job id, array index and restart
	// count, empty or zero outside a job.
	Job     string `json:"job,omitempty"`
	Index   string `json:"index,omitempty"`
	Restart string `json:"restart,omitempty"`
	Pool    string `json:"pool,omitempty"`
	Host    string `json:"host"`
	Pid     int    `json:"pid"`
	// Slots is the number of tasks that the worker executes at the same time.
	Slots int `json:"slots"`
	// Cores, Memory (bytes) and GPUs are what its tasks share, see
	// resource.Capacity.
	Cores  int            `json:"cores,omitempty"`
	Memory resource.Bytes `json:"memory,omitempty"`
	GPUs   int            `json:"gpus,omitempty"`
	// Nodes is their number for a worker that has a whole job.
	Nodes  int    `json:"nodes,omitempty"`
	Python string `json:"python"`
	// EndsAt is when the walltime of its job ends; zero is never.
	EndsAt time.Time `json:"ends_at,omitzero"`
}

// SlurmJob is the job of the worker as Slurm writes it, 123 or 123_4; empty outside a job.
func (h Hello) SlurmJob() string {
	if h.Job == "" || h.Index == "" {
		return h.Job
	}
	return h.Job + "_" + h.Index
}

// Capacity is what the worker has.
func (h Hello) Capacity() resource.Capacity {
	return resource.Capacity{Slots: h.Slots, Cores: h.Cores, Memory: h.Memory, GPUs: h.GPUs, Nodes: h.Nodes}
}

// Welcome answers a Hello.
type Welcome struct {
	// Refused tells why the worker may not take part, if it may not.
	Refused string `json:"refused,omitempty"`
	// Heartbeat is the longest time between two turns.
	Heartbeat time.Duration `json:"heartbeat"`
	// Store is the directory for values that are too large for a message.
	Store string `json:"store,omitempty"`
}

// Turn is a worker's half of an exchange: what it has done, what it holds, and
// how much more it could take. Every turn tells the whole truth, so that a
// message that got lost does no harm.
type Turn struct {
	Worker string `json:"worker"`
	// Number grows with every turn of the worker.
	Number uint64 `json:"number"`
	// Free is the number of idle slots, Ahead how many more tasks than that the
	// worker would like to have at hand.
	Free  int `json:"free"`
	Ahead int `json:"ahead"`
	// Leaving workers want no more tasks: they are about to end.
	Leaving bool `json:"leaving,omitempty"`
	// Holding are the tasks that the worker has and has no result of.
	Holding []ID `json:"holding,omitempty"`
	// Returned are tasks that the worker has not begun and gives back.
	Returned []ID     `json:"returned,omitempty"`
	Results  []Result `json:"-"`
}

// Reply is the coordinator's half of an exchange.
type Reply struct {
	Number uint64 `json:"number"`
	// Unknown means that the coordinator does not know the worker: it must say
	// hello again.
	Unknown bool `json:"unknown,omitempty"`
	// Leave tells the worker to finish what it holds and to end.
	Leave bool `json:"leave,omitempty"`
	// Environments are those of the runs of Requests.
	Environments map[string]Environment `json:"environments,omitempty"`
	// Stop are tasks whose results are of no use any more.
	Stop []ID `json:"stop,omitempty"`
	// Over are runs that have ended.
	Over     []string   `json:"over,omitempty"`
	Requests []*Request `json:"-"`
}

// MarshalText and UnmarshalText make an ID one string in JSON.
func (id ID) MarshalText() ([]byte, error) {
	return strconv.AppendUint([]byte(id.Run+"/"), id.Seq, 10), nil
}

// UnmarshalText reads what MarshalText wrote.
func (id *ID) UnmarshalText(text []byte) (err error) {
	run, seq, ok := strings.Cut(string(text), "/")
	if !ok {
		return fmt.Errorf("%q is not the id of a task", text)
	}
	id.Run = run
	id.Seq, err = strconv.ParseUint(seq, 10, 64)
	return err
}

// EncodeTurn and the functions below turn messages into frames and back.
func EncodeTurn(t *Turn) []byte {
	var e Encoder
	e.Raw(`{"turn":`)
	e.JSON(t)
	e.Raw(`,"results":`)
	e.Results(t.Results)
	e.Raw("}")
	return AppendFrame(nil, e.Frame)
}

// DecodeTurn reads what EncodeTurn wrote.
func DecodeTurn(data []byte) (*Turn, error) {
	var h struct {
		Turn    Turn            `json:"turn"`
		Results json.RawMessage `json:"results"`
	}
	blobs, err := decodeMessage(data, &h)
	if err != nil {
		return nil, err
	}
	if err := errors.Join(h.Turn.check(), checkCount(h.Results, MaxResults)); err != nil {
		return nil, err
	}
	h.Turn.Results, err = DecodeResults(h.Results, blobs)
	return &h.Turn, err
}

// EncodeReply writes a reply.
func EncodeReply(r *Reply) []byte {
	var e Encoder
	e.Raw(`{"reply":`)
	e.JSON(r)
	e.Raw(`,"requests":`)
	e.Requests(r.Requests)
	e.Raw("}")
	return AppendFrame(nil, e.Frame)
}

// DecodeReply reads what EncodeReply wrote.
func DecodeReply(data []byte) (*Reply, error) {
	var h struct {
		Reply    Reply           `json:"reply"`
		Requests json.RawMessage `json:"requests"`
	}
	blobs, err := decodeMessage(data, &h)
	if err != nil {
		return nil, err
	}
	h.Reply.Requests, err = DecodeRequests(h.Requests, blobs)
	return &h.Reply, err
}

// EncodeJSON writes a message that is nothing but JSON.
func EncodeJSON(v any) []byte {
	var e Encoder
	e.JSON(v)
	return AppendFrame(nil, e.Frame)
}

// DecodeJSON reads what EncodeJSON wrote.
func DecodeJSON(data []byte, v any) error {
	_, err := decodeMessage(data, v)
	return err
}

// JSON appends any value that JSON can hold.
func (e *Encoder) JSON(v any) {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // messages are structs of strings and numbers
	}
	e.Header = append(e.Header, b...)
}

func decodeMessage(data []byte, v any) ([][]byte, error) {
	f, err := DecodeFrame(data)
	if err != nil {
		return nil, err
	}
	return f.Blobs, json.Unmarshal(f.Header, v)
}
