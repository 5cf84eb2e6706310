// Package dashboard shows a cluster to a person with a browser: its workers,
// jobs, runs and tasks, and why nothing happens if nothing does.
//
// The page itself is written in TypeScript (folder web) and gets what it shows from
// the API that is described in docs/dashboard.md: one answer, and then server-sent
// events with what changed, which a hub computes once for all who watch. Where the
// page was not built in, or without scripts, there is a plain one.
//
// What it shows comes from a Source as plain data and is never taken for markup;
// what comes in over HTTP is a GET or HEAD with a known Host and, but for /healthz
// and the files in static, a token or a cookie that stands for it. The one POST is
// an order; it needs a token of its own and is refused to those with the read-only
// link. Loopback is no protection by itself: everybody with a login on the node can
// reach it, and so can every web page that its user visits.
package dashboard
