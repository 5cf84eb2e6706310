package broker

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"sync"

	"github.com/klauspost/compress/zstd"
)

const (
	// chunkSize is how much of a large value travels in one message, in bytes.
	chunkSize = 512 << 10
	// MaxLarge is the largest value that Upload and Download carry, in bytes
	// before compression.
	MaxLarge = 256 << 20
	// maxHeader bounds the JSON line at the start of a frame.
	maxHeader = 4 << 10
	// maxWindow is the least memory in bytes that decompression needs, however
	// small the value: the window that the compressor announces.
	maxWindow = 8 << 20
)

// A frame is one line of JSON and then raw bytes.
func encodeFrame(header any, body []byte) ([]byte, error) {
	line, err := json.Marshal(header)
	if err != nil {
		return nil, err
	}
	frame := make([]byte, 0, len(line)+1+len(body))
	frame = append(frame, line...)
	frame = append(frame, '\n')
	return append(frame, body...), nil
}

func decodeFrame(frame []byte, header any) (body []byte, err error) {
	end := bytes.IndexByte(frame[:min(len(frame), maxHeader)], '\n')
	if end < 0 {
		return nil, errors.New("frame without header")
	}
	if err := json.Unmarshal(frame[:end], header); err != nil {
		return nil, fmt.Errorf("frame header: %w", err)
	}
	return frame[end+1:], nil
}

// compressor is shared because it is costly to make and safe to share.
var compressor = sync.OnceValues(func() (*zstd.Encoder, error) {
	return zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithZeroFrames(true))
})

func compress(data []byte) ([]byte, error) {
	encoder, err := compressor()
	if err != nil {
		return nil, fmt.Errorf("compress: %w", err)
	}
	return encoder.EncodeAll(data, nil), nil
}

// decompress refuses input that expands to more than limit bytes, and takes no
// more memory than that or maxWindow, whichever is larger.
func decompress(data []byte, limit int64) ([]byte, error) {
	decoder, err := zstd.NewReader(nil,
		zstd.WithDecoderConcurrency(1),
		zstd.WithDecoderMaxMemory(uint64(max(limit, maxWindow))),
	)
	if err != nil {
		return nil, fmt.Errorf("decompress: %w", err)
	}
	defer decoder.Close()
	plain, err := decoder.DecodeAll(data, nil)
	if err != nil {
		return nil, fmt.Errorf("decompress: %w", err)
	}
	if int64(len(plain)) > limit {
		return nil, fmt.Errorf("decompress: more than the %d bytes announced", limit)
	}
	return plain, nil
}
