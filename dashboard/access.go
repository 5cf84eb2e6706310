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

// Link is the address that lets a person in; addr is that of the server. It
// holds the token: print it to its user's terminal and nowhere else.
func (h *Handler) Link(addr string) string {
	u := url.URL{Scheme: "http", Host: addr, Path: "/", RawQuery: url.Values{"token": {h.token}}.Encode()}
	return u.String()
}

// authorized says that a request carries the cookie, or the token in an
// Authorization header, which is for programs.
func (h *Handler) authorized(r *http.Request) bool {
	if given, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok {
		return same(given, h.token)
	}
	c, err := r.Cookie(cookieName(r))
	return err == nil && same(c.Value, h.session())
}

// admit exchanges the token of a link for a cookie, so that it stays neither in
// the address bar nor in the history.
func (h *Handler) admit(w http.ResponseWriter, r *http.Request, token string) {
	if !same(token, h.token) {
		h.o.Logger.Warn("dashboard: a link with a wrong token", "from", r.RemoteAddr)
		h.refuse(w)
		return
	}
	// Secure is absent because some browsers would not return such a cookie
	// over plain HTTP, not even on loopback.
	http.SetCookie(w, &http.Cookie{
		Name: cookieName(r), Value: h.session(), Path: "/", HttpOnly: true, SameSite: http.SameSiteStrictMode,
	})
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

// session is the value of the cookie. It is not the token, because browsers
// send cookies to all ports of a host: others on this node may see it. It
// follows from the token so that a restart of the launcher does not end it.
func (h *Handler) session() string {
	mac := hmac.New(sha256.New, []byte(h.token))
	mac.Write([]byte("ewoks-hpc dashboard session"))
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
