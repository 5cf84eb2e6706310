package dashboard

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net"
	"net/http"
	"net/url"
	"strings"
)

// role is what somebody may do.
type role int

const (
	stranger role = iota
	reader        // may see all
	operator      // may give orders too
)

// Link is the address that lets a person in who may give orders; addr is that of
// the server. It holds the token: print it to its user's terminal and nowhere else.
func (h *Handler) Link(addr string) string { return link(addr, h.token) }

// ReadOnlyLink is the address that lets a person in who may only look.
func (h *Handler) ReadOnlyLink(addr string) string { return link(addr, h.readToken()) }

func link(addr, token string) string {
	u := url.URL{Scheme: "http", Host: addr, Path: "/", RawQuery: url.Values{"token": {token}}.Encode()}
	return u.String()
}

// role tells who sent a request: by a cookie, or by a token in an Authorization
// header, which is for programs.
func (h *Handler) role(r *http.Request) role {
	if given, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok {
		return match(given, h.token, h.readToken())
	}
	c, err := r.Cookie(cookieName(r))
	if err != nil {
		return stranger
	}
	return match(c.Value, h.session(operator), h.session(reader))
}

// match always makes both comparisons.
func match(given, operators, readers string) role {
	full, read := same(given, operators), same(given, readers)
	switch {
	case full:
		return operator
	case read:
		return reader
	}
	return stranger
}

// admit exchanges the token of a link for a cookie, so that it stays neither in
// the address bar nor in the history.
func (h *Handler) admit(w http.ResponseWriter, r *http.Request, token string) {
	role := match(token, h.token, h.readToken())
	if role == stranger {
		h.o.Logger.Warn("dashboard: a link with a wrong token", "from", r.RemoteAddr)
		h.refuse(w)
		return
	}
	// Secure is absent because some browsers would not return such a cookie
	// over plain HTTP, not even on loopback.
	http.SetCookie(w, &http.Cookie{
		Name: cookieName(r), Value: h.session(role), Path: "/", HttpOnly: true, SameSite: http.SameSiteStrictMode,
	})
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

// session is the value of the cookie. It is not the token, because browsers
// send cookies to all ports of a host: others on this node may see it. It
// follows from the token so that a restart of the launcher does not end it.
func (h *Handler) session(of role) string {
	if of == operator {
		return h.derived("session")
	}
	return h.derived("read-only session")
}

// readToken lets in who may only look. The other token does not follow from it.
func (h *Handler) readToken() string { return h.derived("read-only link") }

// orderToken goes with every order: a page of somebody else that makes a browser
// send the cookie does not know it.
func (h *Handler) orderToken() string { return h.derived("order") }

func (h *Handler) derived(purpose string) string {
	mac := hmac.New(sha256.New, []byte(h.token))
	mac.Write([]byte("ewoks-hpc dashboard " + purpose))
	return hex.EncodeToString(mac.Sum(nil))
}

// cookieName has the port in it: cookies do not tell ports apart, and a person
// may look at two clusters.
func cookieName(r *http.Request) string {
	_, port := splitHost(r.Host)
	return "ewoks-hpc-" + port
}

// same compares in a time that tells neither content nor length.
func same(a, b string) bool {
	x, y := sha256.Sum256([]byte(a)), sha256.Sum256([]byte(b))
	return hmac.Equal(x[:], y[:])
}

// addressedToUs says that the Host of a request is a loopback name with the port
// that the request came to. A page of somebody else that gave its own name our
// address (DNS rebinding) is known by that name.
func addressedToUs(r *http.Request) bool {
	local, ok := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
	if !ok {
		return false
	}
	_, want := splitHost(local.String())
	name, port := splitHost(r.Host)
	switch strings.ToLower(name) {
	case "localhost", "127.0.0.1", "[::1]":
		return port == want
	}
	return false
}

// splitHost parts name and port. Browsers leave out port 80.
func splitHost(host string) (name, port string) {
	if i := strings.LastIndexByte(host, ':'); i > strings.LastIndexByte(host, ']') {
		return host[:i], host[i+1:]
	}
	return host, "80"
}
