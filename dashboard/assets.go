package dashboard

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io/fs"
	"net/http"
	"path"
	"strconv"
	"strings"
	"sync"
)

// static holds the plain page and, if it was built (make page), the one with
// scripts in static/dist.
//
//go:embed static
var static embed.FS

// shellName is the page with scripts among the assets.
const shellName = "dist/index.html"

// kinds are the types of files that a browser may ask for without the token: with
// nosniff, a type that this machine's tables get wrong breaks the page.
var kinds = map[string]string{
	".css":  "text/css; charset=utf-8",
	".js":   "text/javascript; charset=utf-8",
	".svg":  "image/svg+xml",
	".html": "text/html; charset=utf-8",
}

// asset is a file of the page.
type asset struct {
	kind string
	tag  string
	body []byte
	// zipped is for browsers at the other end of an ssh tunnel.
	zipped func() []byte
}

// assets are the files to serve by their names below static.
func assets() map[string]*asset {
	list := map[string]*asset{}
	fs.WalkDir(static, "static", func(name string, entry fs.DirEntry, err error) error {
		kind := kinds[path.Ext(name)]
		short := strings.TrimPrefix(name, "static/")
		if err != nil || entry.IsDir() || kind == "" || path.Ext(name) == ".html" && short != shellName {
			return err // the others are templates
		}
		body, err := static.ReadFile(name)
		if err != nil {
			return err
		}
		sum := sha256.Sum256(body)
		list[short] = &asset{
			kind: kind, tag: `"` + hex.EncodeToString(sum[:8]) + `"`, body: body,
			zipped: sync.OnceValue(func() []byte { return compressed(body) }),
		}
		return nil
	})
	return list
}

func compressed(body []byte) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	w.Write(body) // to memory
	w.Close()
	return b.Bytes()
}

// ServeHTTP lets browsers keep a file and ask whether it changed.
func (a *asset) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	header.Set("Cache-Control", "no-cache")
	header.Set("Vary", "Accept-Encoding")
	header.Set("ETag", a.tag)
	if r.Header.Get("If-None-Match") == a.tag {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	body := a.body
	if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		header.Set("Content-Encoding", "gzip")
		body = a.zipped()
	}
	header.Set("Content-Type", a.kind)
	header.Set("Content-Length", strconv.Itoa(len(body)))
	if r.Method != http.MethodHead {
		w.Write(body) // who asked may have gone
	}
}
