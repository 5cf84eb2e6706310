// Package dashboard shows a cluster to a person with a browser: its workers,
// jobs, runs and tasks, and why nothing happens if nothing does.
//
// It only reads. What it shows comes from a Source as plain data and is never
// taken for markup; what comes in over HTTP is a GET or HEAD with a known Host
// and, but for /healthz and the files in static, the token or a cookie that
// stands for it. Loopback is no protection by itself: everybody with a login on
// the node can reach it, and so can every web page that its user visits.
package dashboard
