package draw

import (
	"encoding/xml"
	"strings"
	"unicode"
)

// textWidth estimates, on the generous side, how wide a text is: which font
// draws it is not known here.
func textWidth(text string, fontSize float64) float64 {
	w := 0.0
	for _, r := range text {
		switch {
		case r >= 0x1100:
			w += 1.05
		case strings.ContainsRune("mwMW@%", r):
			w += 0.92
		case unicode.IsUpper(r) || r == '_' || r == '=':
			w += 0.7
		case strings.ContainsRune("ijl.,:;'|!() ", r):
			w += 0.36
		default:
			w += 0.6
		}
	}
	return w * fontSize
}

// escape makes text from a workflow harmless: as XML, also where it has
// characters that XML cannot hold.
func escape(text string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(text)) // a Builder does not fail
	return b.String()
}
