package broker

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"sync"
	"time"
)

// compressionSlack is how much larger than its input compression may make a
// value, in bytes; zstd adds 3 per block of 128 KiB.
const compressionSlack = 64 << 10

// chunk is the header of one message of an upload.
type chunk struct {
	ID    string `json:"id"`
	Index int    `json:"index"` // from 0, in order
	Last  bool   `json:"last,omitempty"`
	Size  int64  `json:"size"` // of the whole value, in bytes before compression
	Sum   string `json:"sum"`  // SHA-256 of the whole value, hexadecimal
}

// requester is the part of Conn that transfers need.
type requester interface {
	Request(ctx context.Context, subject string, data []byte) ([]byte, error)
}

// Upload sends a value of up to MaxLarge bytes as a series of requests and
// returns the answer to the last. The other side answers the others with
// nothing; an answer with content before the last ends the upload and is
// returned, for that is how the other side refuses. A failed upload is started
// again from the beginning.
func Upload(ctx context.Context, conn requester, subject string, data []byte) ([]byte, error) {
	if len(data) > MaxLarge {
		return nil, fmt.Errorf("upload of %d bytes: at most %d", len(data), int64(MaxLarge))
	}
	packed, err := compress(data)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(data)
	head := chunk{ID: rand.Text(), Size: int64(len(data)), Sum: hex.EncodeToString(sum[:])}
	for ; ; head.Index++ {
		part := packed[:min(len(packed), chunkSize)]
		packed = packed[len(part):]
		head.Last = len(packed) == 0
		message, err := encodeFrame(head, part)
		if err != nil {
			return nil, err
		}
		answer, err := conn.Request(ctx, subject, message)
		if err != nil {
			return nil, fmt.Errorf("upload: %w", err)
		}
		if head.Last || len(answer) > 0 {
			return answer, nil
		}
	}
}

// UploadLimits bounds what unfinished uploads may hold. Zero means the default
// in parentheses.
type UploadLimits struct {
	Open int           // uploads at a time (16)
	Size int64         // bytes of one value before compression (MaxLarge)
	Held int64         // bytes of all unfinished uploads, compressed (512 MiB)
	Idle time.Duration // since the last chunk, then an upload is forgotten (1 min)
}

// Uploads puts the chunks of values together again. It is safe for concurrent
// use and holds memory only for uploads under way.
type Uploads struct {
	limits UploadLimits
	now    func() time.Time

	mu   sync.Mutex
	open map[string]*upload
	held int64
}

type upload struct {
	head   chunk // of the first message
	next   int
	packed []byte
	seen   time.Time
}

// NewUploads makes the receiving side of Upload.
func NewUploads(limits UploadLimits) *Uploads {
	if limits.Open == 0 {
		limits.Open = 16
	}
	if limits.Size == 0 {
		limits.Size = MaxLarge
	}
	if limits.Held == 0 {
		limits.Held = 2 * MaxLarge
	}
	if limits.Idle == 0 {
		limits.Idle = time.Minute
	}
	return &Uploads{limits: limits, now: time.Now, open: map[string]*upload{}}
}

// Add takes one message of an upload. Answer it with nothing until done; then
// complete is the value. An error ends the upload it belongs to.
func (u *Uploads) Add(message []byte) (complete []byte, done bool, err error) {
	var head chunk
	body, err := decodeFrame(message, &head)
	if err != nil {
		return nil, false, fmt.Errorf("upload: %w", err)
	}
	finished, err := u.collect(head, body)
	if err != nil || finished == nil {
		return nil, false, err
	}
	complete, err = finished.value() // outside the lock: it takes a while
	return complete, err == nil, err
}

// collect returns the upload if this was its last chunk.
func (u *Uploads) collect(head chunk, body []byte) (*upload, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.expire()
	up, err := u.find(head)
	if err != nil {
		return nil, err
	}
	if err := u.extend(up, head, body); err != nil {
		u.forget(up)
		return nil, err
	}
	if !head.Last {
		return nil, nil
	}
	u.forget(up)
	return up, nil
}

func (u *Uploads) expire() {
	for _, up := range u.open {
		if u.now().Sub(up.seen) > u.limits.Idle {
			u.forget(up)
		}
	}
}

func (u *Uploads) forget(up *upload) {
	u.held -= int64(len(up.packed))
	delete(u.open, up.head.ID)
}

func (u *Uploads) find(head chunk) (*upload, error) {
	if up, ok := u.open[head.ID]; ok {
		return up, nil
	}
	switch {
	case head.Index != 0:
		return nil, hinted{errors.New("upload: unknown or given up"), "start it again"}
	case CheckToken(head.ID) != nil:
		return nil, fmt.Errorf("upload: id %.20q is not valid", head.ID)
	case head.Size < 0 || head.Size > u.limits.Size:
		return nil, fmt.Errorf("upload of %d bytes: at most %d", head.Size, u.limits.Size)
	case len(u.open) >= u.limits.Open:
		return nil, hinted{fmt.Errorf("upload: %d are under way already", len(u.open)), "try again in a minute"}
	}
	up := &upload{head: head}
	u.open[head.ID] = up
	return up, nil
}

func (u *Uploads) extend(up *upload, head chunk, body []byte) error {
	switch {
	case head.Index != up.next:
		return fmt.Errorf("upload: chunk %d where %d was expected", head.Index, up.next)
	case len(body) == 0 || len(body) > chunkSize:
		return fmt.Errorf("upload: chunk of %d bytes, want 1 to %d", len(body), chunkSize)
	case int64(len(up.packed)+len(body)) > up.head.Size+compressionSlack:
		return fmt.Errorf("upload: more than the %d bytes announced", up.head.Size)
	case u.held+int64(len(body)) > u.limits.Held:
		return hinted{fmt.Errorf("upload: others under way hold %d bytes", u.held), "try again in a minute"}
	}
	up.packed = append(up.packed, body...)
	up.next++
	up.seen = u.now()
	u.held += int64(len(body))
	return nil
}

func (up *upload) value() ([]byte, error) {
	data, err := decompress(up.packed, up.head.Size)
	if err != nil {
		return nil, fmt.Errorf("upload: %w", err)
	}
	want, err := hex.DecodeString(up.head.Sum)
	if err != nil {
		return nil, fmt.Errorf("upload: checksum: %w", err)
	}
	if sum := sha256.Sum256(data); int64(len(data)) != up.head.Size || !bytes.Equal(sum[:], want) {
		return nil, errors.New("upload: size or checksum differs from what was announced")
	}
	return data, nil
}
