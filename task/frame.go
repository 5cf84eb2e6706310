package task

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// Version is the version of the encoding. It changes when an older reader
// could misunderstand a message.
const Version = 1

// Limits on a frame that is read, so that nobody can make a reader allocate
// without bound.
const (
	MaxHeader = 256 << 20 // bytes
	MaxBlob   = 64 << 30  // bytes
	MaxBlobs  = 1 << 20
)

// Frame is one message: a JSON header and the binary values that it refers to
// by position.
//
// On the wire: version (1 byte), number of blobs (3 bytes), length of the
// header (4 bytes), length of each blob (8 bytes each), all big-endian; then
// the header, then the blobs.
type Frame struct {
	Header []byte
	Blobs  [][]byte
}

// ErrVersion is returned for a frame of another version of the encoding.
var ErrVersion = errors.New("message of another version of ewoks-hpc")

// AppendFrame appends the frame, as it is on the wire, to dst.
func AppendFrame(dst []byte, f Frame) []byte {
	dst = binary.BigEndian.AppendUint32(dst, Version<<24|uint32(len(f.Blobs)))
	dst = binary.BigEndian.AppendUint32(dst, uint32(len(f.Header)))
	for _, b := range f.Blobs {
		dst = binary.BigEndian.AppendUint64(dst, uint64(len(b)))
	}
	dst = append(dst, f.Header...)
	for _, b := range f.Blobs {
		dst = append(dst, b...)
	}
	return dst
}

// ReadFrame reads the next frame. It returns io.EOF when there is none.
func ReadFrame(r *bufio.Reader) (Frame, error) {
	head, err := r.Peek(8)
	if err != nil && len(head) == 0 {
		return Frame{}, err
	}
	f, err := readFrame(r, head)
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return f, err
}

func readFrame(r *bufio.Reader, head []byte) (Frame, error) {
	if len(head) < 8 {
		return Frame{}, io.ErrUnexpectedEOF
	}
	count, size, err := frameHead(head)
	if err != nil {
		return Frame{}, err
	}
	_, _ = r.Discard(8)
	lengths := make([]uint64, count)
	for i := range lengths {
		var b [8]byte
		if _, err := io.ReadFull(r, b[:]); err != nil {
			return Frame{}, err
		}
		lengths[i] = binary.BigEndian.Uint64(b[:])
		if lengths[i] > MaxBlob {
			return Frame{}, fmt.Errorf("value of %d bytes is over the limit of %d", lengths[i], uint64(MaxBlob))
		}
	}
	f := Frame{Header: make([]byte, size)}
	if _, err := io.ReadFull(r, f.Header); err != nil {
		return Frame{}, err
	}
	for _, n := range lengths {
		blob, err := readBlob(r, n)
		if err != nil {
			return Frame{}, err
		}
		f.Blobs = append(f.Blobs, blob)
	}
	return f, nil
}

// readBlob grows with what arrives, so that a wrong length costs nothing.
func readBlob(r io.Reader, n uint64) ([]byte, error) {
	const step = 16 << 20
	if n <= step {
		blob := make([]byte, n)
		_, err := io.ReadFull(r, blob)
		return blob, err
	}
	var blob []byte
	for uint64(len(blob)) < n {
		part := make([]byte, min(step, n-uint64(len(blob))))
		if _, err := io.ReadFull(r, part); err != nil {
			return nil, err
		}
		blob = append(blob, part...)
	}
	return blob, nil
}

// DecodeFrame reads a frame that fills data. The frame refers to data.
func DecodeFrame(data []byte) (Frame, error) {
	if len(data) < 8 {
		return Frame{}, io.ErrUnexpectedEOF
	}
	count, size, err := frameHead(data)
	if err != nil {
		return Frame{}, err
	}
	lengths, data := data[8:], data[8:]
	if len(data) < 8*count {
		return Frame{}, io.ErrUnexpectedEOF
	}
	data = data[8*count:]
	if len(data) < size {
		return Frame{}, io.ErrUnexpectedEOF
	}
	f := Frame{Header: data[:size:size]}
	data = data[size:]
	for i := range count {
		n := binary.BigEndian.Uint64(lengths[8*i:])
		if n > uint64(len(data)) {
			return Frame{}, io.ErrUnexpectedEOF
		}
		f.Blobs = append(f.Blobs, data[:n:n])
		data = data[n:]
	}
	if len(data) > 0 {
		return Frame{}, fmt.Errorf("%d bytes after the end of the message", len(data))
	}
	return f, nil
}

func frameHead(b []byte) (blobs, header int, err error) {
	word := binary.BigEndian.Uint32(b)
	if v := word >> 24; v != Version {
		return 0, 0, fmt.Errorf("%w: version %d, this one speaks %d", ErrVersion, v, Version)
	}
	blobs, header = int(word&0xffffff), int(binary.BigEndian.Uint32(b[4:]))
	if blobs > MaxBlobs || header > MaxHeader {
		return 0, 0, fmt.Errorf("message of %d header bytes and %d values is over the limit", header, blobs)
	}
	return blobs, header, nil
}
