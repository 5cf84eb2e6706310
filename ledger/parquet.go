package ledger

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"time"

	"github.com/klauspost/compress/s2"
)

// The names of Parquet's enumerations:
// https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift
const (
	parquetMagic     = "PAR1"
	parquetBoolean   = 0
	parquetInt64     = 2
	parquetDouble    = 5
	parquetBytes     = 6
	convertedUTF8    = 0
	convertedMicros  = 10
	convertedJSON    = 19
	convertedNone    = -1
	repetitionOpt    = 1
	encodingPlain    = 0
	encodingRLE      = 3
	codecSnappy      = 1
	pageData         = 0
	parquetGroupRows = 100_000
	parquetGroupSize = 32 << 20 // bytes before compression
)

// parquetTypes are the physical and the converted type of each kind.
var parquetTypes = map[kind][2]int32{
	textKind: {parquetBytes, convertedUTF8}, jsonKind: {parquetBytes, convertedJSON}, integerKind: {parquetInt64, convertedNone},
	numberKind: {parquetDouble, convertedNone}, booleanKind: {parquetBoolean, convertedNone}, timeKind: {parquetInt64, convertedMicros},
}

// parquetEncoder writes a flat table of optional columns: plain values, one page
// for each column of a group of rows, compressed with Snappy. That is all that
// an export needs, and every reader knows it.
type parquetEncoder struct {
	w       io.Writer
	columns []parquetColumn
	at      int64
	rows    int64
	groups  []parquetGroup
	pending int // rows of the group that is not written yet
	size    int // and its bytes
}

type parquetColumn struct {
	column
	present []bool
	values  []byte
	bits    int // of a boolean column
}

type parquetGroup struct {
	rows, size int64
	chunks     []parquetChunk
}

type parquetChunk struct {
	offset, size, compressed int64
}

func newParquet(w io.Writer, columns []column) (encoder, error) {
	e := &parquetEncoder{w: w}
	for _, c := range columns {
		e.columns = append(e.columns, parquetColumn{column: c})
	}
	return e, e.emit([]byte(parquetMagic))
}

func (e *parquetEncoder) emit(data []byte) error {
	n, err := e.w.Write(data)
	e.at += int64(n)
	return err
}

func (e *parquetEncoder) write(values []any) error {
	e.size = 0
	for i := range e.columns {
		c := &e.columns[i]
		if err := c.add(values[i]); err != nil {
			return fmt.Errorf("column %q: %w", c.name, err)
		}
		e.size += len(c.values)
	}
	e.pending++
	if e.pending == parquetGroupRows || e.size > parquetGroupSize {
		return e.flush()
	}
	return nil
}

func (c *parquetColumn) add(value any) (err error) {
	if raw, ok := value.(json.RawMessage); ok {
		if value, err = typed(c.kind, raw); err != nil {
			return err
		}
	}
	c.present = append(c.present, value != nil)
	switch v := value.(type) {
	case string:
		c.values = append(binary.LittleEndian.AppendUint32(c.values, uint32(len(v))), v...)
	case int64:
		c.values = binary.LittleEndian.AppendUint64(c.values, uint64(v))
	case float64:
		c.values = binary.LittleEndian.AppendUint64(c.values, math.Float64bits(v))
	case time.Time:
		c.values = binary.LittleEndian.AppendUint64(c.values, uint64(v.UnixMicro()))
	case bool:
		if c.bits%8 == 0 {
			c.values = append(c.values, 0)
		}
		if v {
			c.values[c.bits/8] |= 1 << (c.bits % 8)
		}
		c.bits++
	}
	return nil
}

// flush writes the group of rows.
func (e *parquetEncoder) flush() error {
	if e.pending == 0 {
		return nil
	}
	g := parquetGroup{rows: int64(e.pending)}
	for i := range e.columns {
		chunk, err := e.page(&e.columns[i])
		if err != nil {
			return err
		}
		g.chunks = append(g.chunks, chunk)
		g.size += chunk.size
	}
	e.groups, e.rows, e.pending = append(e.groups, g), e.rows+g.rows, 0
	return nil
}

// page writes a column of a group: its header, and then which values are there,
// and the values, compressed.
func (e *parquetEncoder) page(c *parquetColumn) (parquetChunk, error) {
	levels := runs(c.present)
	body := binary.LittleEndian.AppendUint32(make([]byte, 0, 4+len(levels)+len(c.values)), uint32(len(levels)))
	body = append(append(body, levels...), c.values...)
	packed := s2.EncodeSnappy(nil, body)
	var t thrift
	t.structure(func() {
		t.i32(1, pageData)
		t.i32(2, int32(len(body)))
		t.i32(3, int32(len(packed)))
		t.member(5, func() {
			t.i32(1, int32(len(c.present)))
			t.i32(2, encodingPlain)
			t.i32(3, encodingRLE) // of definition levels
			t.i32(4, encodingRLE) // of repetition levels: there are none
		})
	})
	c.present, c.values, c.bits = c.present[:0], c.values[:0], 0
	chunk := parquetChunk{offset: e.at, size: int64(len(t.out) + len(body)), compressed: int64(len(t.out) + len(packed))}
	if err := e.emit(t.out); err != nil {
		return chunk, err
	}
	return chunk, e.emit(packed)
}

// runs encodes levels of one bit as run lengths.
func runs(levels []bool) (out []byte) {
	for start := 0; start < len(levels); {
		end := start
		for end < len(levels) && levels[end] == levels[start] {
			end++
		}
		var level byte
		if levels[start] {
			level = 1
		}
		out = append(binary.AppendUvarint(out, uint64(end-start)<<1), level)
		start = end
	}
	return out
}

// close writes the last group, and what is where.
func (e *parquetEncoder) close() error {
	if err := e.flush(); err != nil {
		return err
	}
	var t thrift
	t.structure(func() {
		t.i32(1, 1)
		e.schema(&t)
		t.i64(3, e.rows)
		t.list(4, thriftStruct, len(e.groups))
		for i := range e.groups {
			t.structure(func() { e.group(&t, &e.groups[i]) })
		}
		t.text(6, "ewoks-hpc")
	})
	footer := binary.LittleEndian.AppendUint32(t.out, uint32(len(t.out)))
	return e.emit(append(footer, parquetMagic...))
}

func (e *parquetEncoder) schema(t *thrift) {
	t.list(2, thriftStruct, len(e.columns)+1)
	t.structure(func() {
		t.text(4, "rows")
		t.i32(5, int32(len(e.columns)))
	})
	for _, c := range e.columns {
		types := parquetTypes[c.kind]
		t.structure(func() {
			t.i32(1, types[0])
			t.i32(3, repetitionOpt)
			t.text(4, c.name)
			if types[1] != convertedNone {
				t.i32(6, types[1])
			}
		})
	}
}

func (e *parquetEncoder) group(t *thrift, g *parquetGroup) {
	t.list(1, thriftStruct, len(g.chunks))
	for i, chunk := range g.chunks {
		t.structure(func() {
			t.i64(2, chunk.offset)
			t.member(3, func() { e.chunk(t, &e.columns[i], chunk, g.rows) })
		})
	}
	t.i64(2, g.size)
	t.i64(3, g.rows)
}

func (e *parquetEncoder) chunk(t *thrift, c *parquetColumn, chunk parquetChunk, values int64) {
	t.i32(1, parquetTypes[c.kind][0])
	t.list(2, thriftI32, 2)
	t.varint(encodingPlain)
	t.varint(encodingRLE)
	t.list(3, thriftBinary, 1)
	t.item(c.name)
	t.i32(4, codecSnappy)
	t.i64(5, values)
	t.i64(6, chunk.size)
	t.i64(7, chunk.compressed)
	t.i64(9, chunk.offset)
}
