package report

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html"
	"io"
	"io/fs"
)

// static has the bundle in dist, if it was built.
//
//go:embed static
var static embed.FS

// NoBundleError says that the binary has no page for reports.
type NoBundleError struct{ File string }

func (e *NoBundleError) Error() string {
	return "this ewoks-hpc was built without the page of reports: it has no " + e.File
}

// Hint tells how the binary must be built.
func (e *NoBundleError) Hint() string {
	return "build it with make page build (needs Node.js and npm), or use --format json"
}

// WriteHTML writes the report as one file that needs nothing else: no network, no
// other file. Everything that the report is about is data in it and never markup.
func (d *Data) WriteHTML(w io.Writer) error {
	page, err := d.page(static, "static/dist/")
	if err != nil {
		return err
	}
	_, err = w.Write(page)
	return err
}

func (d *Data) page(bundle fs.FS, dir string) ([]byte, error) {
	parts := map[string][]byte{}
	for _, name := range []string{"report.js", "report.css"} {
		data, err := fs.ReadFile(bundle, dir+name)
		if err != nil {
			return nil, &NoBundleError{name}
		}
		parts[name] = data
	}
	data, err := embedded("report", d)
	if err != nil {
		return nil, err
	}
	drawing, err := embedded("drawing", d.Draw())
	if err != nil {
		return nil, err
	}
	script, style := parts["report.js"], parts["report.css"]
	if bytes.Contains(bytes.ToLower(script), []byte("</script")) || bytes.Contains(bytes.ToLower(style), []byte("</style")) {
		return nil, fmt.Errorf("the page of reports is damaged: its bundle ends the element that it stands in")
	}
	var b bytes.Buffer
	b.WriteString("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n")
	// Only this script and this style: whatever else might get into the file is
	// not executed and loads nothing.
	fmt.Fprintf(&b, "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; script-src '%s'; style-src '%s'; img-src data:; base-uri 'none'; form-action 'none'\">\n", source(script), source(style))
	b.WriteString("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<meta name=\"color-scheme\" content=\"light dark\">\n<meta name=\"referrer\" content=\"no-referrer\">\n")
	fmt.Fprintf(&b, "<title>%s</title>\n<style>%s</style>\n</head>\n<body>\n<noscript>This report needs JavaScript; nothing is loaded from a network.</noscript>\n<main id=\"page\"></main>\n", html.EscapeString(d.title()), style)
	b.Write(data)
	b.Write(drawing)
	fmt.Fprintf(&b, "<script>%s</script>\n</body>\n</html>\n", script)
	return b.Bytes(), nil
}

func (d *Data) title() string {
	name := d.About.Label
	if d.About.Kind == KindCampaign || name == "" {
		name = d.About.Name
	}
	return oneLine(name) + " - ewoks-hpc report"
}

// embedded is a value as an element that is not executed. The encoder writes <, >
// and & as \u003c..., so no text in it ends the element or begins a comment.
func embedded(id string, value any) ([]byte, error) {
	data, err := json.Marshal(value)
	if err != nil {
		return nil, fmt.Errorf("report: %w", err)
	}
	return fmt.Appendf(nil, "<script type=\"application/json\" id=\"%s\">%s</script>\n", id, data), nil
}

// source is what a content security policy calls an inline script or style.
func source(text []byte) string {
	sum := sha256.Sum256(text)
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}
