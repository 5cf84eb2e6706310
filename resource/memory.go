package resource

import (
	"math/big"
	"regexp"
	"strconv"
	"strings"
)

// Bytes is an amount of memory.
type Bytes int64

const (
	mebi     Bytes = 1 << 20
	gibi     Bytes = 1 << 30
	maxBytes Bytes = 1 << 60
)

var memoryPattern = regexp.MustCompile(`^([0-9]{1,18}(?:\.[0-9]{1,9})?) ?([A-Za-z]*)$`)

const units = "KMGTP"

// The units end in nothing (what Slurm means: powers of 1024), in "iB" (the
// same) or in "B" (powers of 1000).
func unitBytes(unit string) (int64, bool) {
	unit = strings.ToUpper(unit)
	if unit == "" {
		return 0, false
	}
	power := strings.IndexByte(units, unit[0]) + 1
	base := int64(1024)
	switch unit[1:] {
	case "", "IB":
	case "B":
		base = 1000
	default:
		return 0, false
	}
	if power == 0 {
		return 0, false
	}
	bytes := int64(1)
	for range power {
		bytes *= base
	}
	return bytes, true
}

// ParseMemory reads an amount of memory: "256GB" (10^9), "256GiB" (2^30) or
// "256G" (2^30 too, as in Slurm); K, M, T and P likewise, decimals allowed.
// A part of a byte is rounded up.
func ParseMemory(text string) (Bytes, error) {
	match := memoryPattern.FindStringSubmatch(text)
	if match == nil {
		return 0, refuse("%q is not an amount of memory", text).withHint("write for example 256GB or 64GiB")
	}
	if match[2] == "" {
		return 0, refuse("%q has no unit", text).withHint("write for example " + match[1] + "GB (10^9) or " + match[1] + "GiB (2^30)")
	}
	unit, ok := unitBytes(match[2])
	if !ok {
		return 0, refuse("%q has the unknown unit %q", text, match[2]).withHint("units are KB, MB, GB, TB, PB (powers of 1000), KiB to PiB and K to P (powers of 1024)")
	}
	amount, ok := new(big.Rat).SetString(match[1])
	if !ok {
		return 0, refuse("%q is not an amount of memory", text)
	}
	bytes := ceil(amount.Mul(amount, new(big.Rat).SetInt64(unit)))
	if bytes.Sign() == 0 || !bytes.IsInt64() || Bytes(bytes.Int64()) > maxBytes {
		return 0, refuse("%q is out of range", text)
	}
	return Bytes(bytes.Int64()), nil
}

func ceil(r *big.Rat) *big.Int {
	sum := new(big.Int).Add(r.Num(), r.Denom())
	return sum.Div(sum.Sub(sum, big.NewInt(1)), r.Denom())
}

// Slurm writes the amount for --mem: in whole G when it is one, else in whole M
// rounded up, so that a job never gets less than was asked nor 1 MiB more.
func (b Bytes) Slurm() string {
	if b%gibi == 0 {
		return strconv.FormatInt(int64(b/gibi), 10) + "G"
	}
	return strconv.FormatInt(int64((b+mebi-1)/mebi), 10) + "M"
}

// String is the shortest exact text that ParseMemory reads, or a number of bytes.
func (b Bytes) String() string {
	for _, suffix := range []string{"B", "iB"} {
		for i := len(units) - 1; i >= 0; i-- {
			unit := units[i:i+1] + suffix
			if size, _ := unitBytes(unit); b > 0 && int64(b)%size == 0 {
				return strconv.FormatInt(int64(b)/size, 10) + unit
			}
		}
	}
	return strconv.FormatInt(int64(b), 10)
}
