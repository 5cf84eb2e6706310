package ledger

import "encoding/binary"

// thrift writes structures in Thrift's compact protocol, as far as the metadata
// of Parquet needs them:
// https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md
type thrift struct {
	out []byte
	// last is the number of the field before, of each open structure.
	last []int
}

// types of fields and items
const (
	thriftI32    = 5
	thriftI64    = 6
	thriftBinary = 8
	thriftList   = 9
	thriftStruct = 12
)

func (t *thrift) field(id, kind int) {
	top := len(t.last) - 1
	t.out = append(t.out, byte((id-t.last[top])<<4|kind)) // fields are at most 15 apart here
	t.last[top] = id
}

func (t *thrift) varint(n int64) { t.out = binary.AppendVarint(t.out, n) } // zigzag

func (t *thrift) i32(id int, n int32) {
	t.field(id, thriftI32)
	t.varint(int64(n))
}

func (t *thrift) i64(id int, n int64) {
	t.field(id, thriftI64)
	t.varint(n)
}

func (t *thrift) text(id int, s string) {
	t.field(id, thriftBinary)
	t.item(s)
}

// item is a text within a list.
func (t *thrift) item(s string) {
	t.out = append(binary.AppendUvarint(t.out, uint64(len(s))), s...)
}

func (t *thrift) list(id, kind, n int) {
	t.field(id, thriftList)
	if n < 15 {
		t.out = append(t.out, byte(n<<4|kind))
		return
	}
	t.out = binary.AppendUvarint(append(t.out, byte(0xf0|kind)), uint64(n))
}

// structure is one that is an item of a list, or a whole message.
func (t *thrift) structure(fields func()) {
	t.last = append(t.last, 0)
	fields()
	t.out = append(t.out, 0)
	t.last = t.last[:len(t.last)-1]
}

// member is a structure that is a field.
func (t *thrift) member(id int, fields func()) {
	t.field(id, thriftStruct)
	t.structure(fields)
}
