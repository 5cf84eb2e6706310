package coordinator

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/ewoks-hpc/ewoks-hpc/task"
)

// maxRequestBytes bounds what one request may carry inline.
const maxRequestBytes = 1 << 20

var errTooLarge = errors.New("the inputs given in the workflow document are too large for a message")

// fit returns the size of a request, after it has moved values that are too
// many for one message into the value store.
func (c *Coordinator) fit(r *task.Request) (int, error) {
	cutChain(r)
	size := sizeOf(r.Inputs)
	followers := 0
	for then := r.Then; then != nil; then = then.Then {
		followers += sizeOf(then.Inputs)
	}
	if size+followers <= maxRequestBytes {
		return size + followers, nil
	}
	r.Then = nil // they come when it is their turn
	if size <= maxRequestBytes {
		return size, nil
	}
	if c.o.Store == "" {
		return 0, errTooLarge
	}
	dir := filepath.Join(c.o.Store, r.Run)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return 0, fmt.Errorf("value store: %w", err)
	}
	inputs := append([]task.Named(nil), r.Inputs...)
	if err := store(dir, r.ID, inputs, new(int)); err != nil {
		return 0, fmt.Errorf("value store: %w", err)
	}
	r.Inputs = inputs
	if size = sizeOf(r.Inputs); size > maxRequestBytes {
		return 0, fmt.Errorf("%w: %d bytes, the limit is %d", errTooLarge, size, maxRequestBytes)
	}
	return size, nil
}

// cutChain ends what follows a task by itself where it needs something else, or says
// how long it takes: such tasks come when it is their turn.
func cutChain(r *task.Request) {
	for at := r; at.Then != nil; at = at.Then {
		if at.Then.Resources != r.Resources || r.Resources.TimeLimit > 0 {
			at.Then = nil
			return
		}
	}
}

func (c *Coordinator) refuse(r *task.Request, err error) {
	c.fail(r, task.Failure{
		Cause: task.Exception, Message: fmt.Sprintf("task of node '%s' cannot be sent: %v", r.Node, err),
		Advice: "put large inputs in a file, and give the task its name",
	})
}

// fail ends an attempt that no worker has.
func (c *Coordinator) fail(r *task.Request, f task.Failure) {
	if run := c.runs[r.Run]; run != nil {
		c.result(run, task.Result{ID: r.ID, Attempt: r.Attempt, Status: task.Failed, Failure: f}, nil)
	}
}

func sizeOf(list []task.Named) (size int) {
	for i := range list {
		v := &list[i].Value
		size += len(list[i].Name) + len(v.JSON) + len(v.Path) + sizeOf(v.Members)
		for _, b := range v.Blobs {
			size += len(b)
		}
	}
	return size
}

// store replaces inline pickles by files.
func store(dir string, id task.ID, list []task.Named, count *int) error {
	for i := range list {
		v := &list[i].Value
		switch v.Kind {
		case task.Pickled:
			*count++
			path := filepath.Join(dir, fmt.Sprintf("%d-in-%d", id.Seq, *count))
			data := pickleFile(v.Blobs)
			if err := os.WriteFile(path, data, 0o600); err != nil {
				return err
			}
			*v = task.Value{Kind: task.Stored, Path: path, Size: int64(len(data))}
		case task.Group:
			v.Members = append([]task.Named(nil), v.Members...)
			if err := store(dir, id, v.Members, count); err != nil {
				return err
			}
		}
	}
	return nil
}

// pickleFile lays out a pickle and its buffers as interpreters do: see
// _write_file in pyhost/python/values.py.
func pickleFile(parts [][]byte) []byte {
	data := binary.BigEndian.AppendUint64(nil, uint64(len(parts)))
	for _, p := range parts {
		data = binary.BigEndian.AppendUint64(data, uint64(len(p)))
	}
	for _, p := range parts {
		data = append(data, make([]byte, -len(data)&63)...)
		data = append(data, p...)
	}
	return data
}
