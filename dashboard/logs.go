package dashboard

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// maxLog is how many bytes of a log one answer holds.
const maxLog = 256 << 10

// log is GET /api/log?kind=&name=&node=&offset=&most= . Without an offset it is the
// end of the log.
func (h *Handler) log(w http.ResponseWriter, r *http.Request) {
	if h.o.Logs == nil {
		h.refuseError(w, ErrNotFound)
		return
	}
	request, err := logRequest(r)
	if err != nil {
		h.refuseJSON(w, http.StatusBadRequest, err)
		return
	}
	part, err := h.o.Logs.Log(r.Context(), request)
	if err != nil {
		h.refuseError(w, err)
		return
	}
	// What came as one part is never more than a source's longest line above most.
	clip(4*maxLog, &part.Text)
	part.Text = printable(part.Text)
	h.sendJSON(w, part)
}

func logRequest(r *http.Request) (l LogRequest, err error) {
	q := r.URL.Query()
	l = LogRequest{Kind: LogKind(q.Get("kind")), Name: q.Get("name"), Node: q.Get("node"), Offset: Tail}
	if q.Has("offset") {
		l.Offset, err = numberOf(r, "offset", 0, 1<<62)
	}
	most, err2 := numberOf(r, "most", maxLog/4, maxLog)
	l.Most = int(most)
	if err = errors.Join(err, err2); err != nil {
		return l, err
	}
	switch l.Kind {
	case LauncherLog, JobLog, RunLog:
	default:
		clip(maxName, (*string)(&l.Kind))
		return l, fmt.Errorf("kind=%s: want launcher, job or run", l.Kind)
	}
	if (l.Name == "") != (l.Kind == LauncherLog) || max(len(l.Name), len(l.Node)) > maxName || strings.ContainsAny(l.Name, "/\\\x00") {
		return l, errors.New("name: want that of a job or a run")
	}
	return l, nil
}

// printable drops what would move a terminal's cursor, and its colours; a line that
// was written over with carriage returns, as progress bars are, keeps its last form.
func printable(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		body, end := strings.TrimRight(line, "\r\n"), ""
		if strings.HasSuffix(line, "\n") {
			end = "\n"
		}
		body = body[strings.LastIndexByte(body, '\r')+1:]
		b.WriteString(strip(body))
		b.WriteString(end)
	}
	return b.String()
}

// strip removes control characters and the sequences that ESC [ begins.
func strip(s string) string {
	if !strings.ContainsFunc(s, isControl) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == 0x1b && i+1 < len(s) && s[i+1] == '[':
			for i += 2; i < len(s) && (s[i] < 0x40 || s[i] > 0x7e); i++ {
			}
		case c == '\t' || !isControl(rune(c)):
			b.WriteByte(c)
		}
	}
	return b.String()
}

func isControl(c rune) bool { return c < 0x20 && c != '\t' || c == 0x7f }
