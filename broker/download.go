package broker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
)

// sliceRequest asks for the part of a value that starts at an offset in bytes.
type sliceRequest struct {
	ID     string `json:"id"`
	Offset int64  `json:"offset"`
}

// slice is the header of an answer; the compressed part follows.
type slice struct {
	Offset int64  `json:"offset"`
	Size   int64  `json:"size"` // of the whole value, in bytes
	Error  string `json:"error,omitempty"`
}

const (
	maxID    = 512 // bytes of a download's id
	maxCause = 256 // bytes of the reason for refusing one
)

// Download fetches a value of up to MaxLarge bytes, part by part. What the id
// means is up to the other side, which answers with ServeDownload.
func Download(ctx context.Context, conn requester, subject, id string) ([]byte, error) {
	var data []byte
	for {
		request, err := json.Marshal(sliceRequest{ID: id, Offset: int64(len(data))})
		if err != nil {
			return nil, err
		}
		answer, err := conn.Request(ctx, subject, request)
		if err != nil {
			return nil, fmt.Errorf("download %s: %w", id, err)
		}
		part, size, err := decodeSlice(answer, int64(len(data)))
		if err != nil {
			return nil, fmt.Errorf("download %s: %w", id, err)
		}
		data = append(data, part...)
		switch have := int64(len(data)); {
		case have == size:
			return data, nil
		case have > size || len(part) == 0:
			return nil, fmt.Errorf("download %s: the value changed meanwhile", id)
		}
	}
}

func decodeSlice(answer []byte, offset int64) (part []byte, size int64, err error) {
	var head slice
	body, err := decodeFrame(answer, &head)
	switch {
	case err != nil:
		return nil, 0, err
	case head.Error != "":
		return nil, 0, errors.New(head.Error)
	case head.Offset != offset:
		return nil, 0, fmt.Errorf("answer for offset %d, asked for %d", head.Offset, offset)
	case head.Size < 0 || head.Size > MaxLarge:
		return nil, 0, fmt.Errorf("value of %d bytes, at most %d", head.Size, int64(MaxLarge))
	}
	part, err = decompress(body, chunkSize)
	return part, head.Size, err
}

// ServeDownload makes the answer to one request of a Download. find looks the
// value up; it is called for every part, so it should be cheap, and the value
// of an id must not change. Its error is told to the other side.
func ServeDownload(request []byte, find func(id string) ([]byte, error)) []byte {
	head, part, err := serveSlice(request, find)
	if err != nil {
		head, part = slice{Error: fmt.Sprintf("%.*s", maxCause, err.Error())}, nil
	}
	answer, err := encodeFrame(head, part)
	if err != nil {
		return nil // a frame of strings and numbers always encodes
	}
	return answer
}

func serveSlice(request []byte, find func(id string) ([]byte, error)) (slice, []byte, error) {
	var r sliceRequest
	if err := json.Unmarshal(request, &r); err != nil {
		return slice{}, nil, fmt.Errorf("request: %w", err)
	}
	if r.ID == "" || len(r.ID) > maxID {
		return slice{}, nil, fmt.Errorf("id has %d bytes, want 1 to %d", len(r.ID), maxID)
	}
	data, err := find(r.ID)
	if err != nil {
		return slice{}, nil, err
	}
	size := int64(len(data))
	if size > MaxLarge {
		return slice{}, nil, fmt.Errorf("value of %d bytes, at most %d", size, int64(MaxLarge))
	}
	if r.Offset < 0 || r.Offset > size {
		return slice{}, nil, fmt.Errorf("offset %d, the value has %d bytes", r.Offset, size)
	}
	part, err := compress(data[r.Offset:min(size, r.Offset+chunkSize)])
	return slice{Offset: r.Offset, Size: size}, part, err
}
