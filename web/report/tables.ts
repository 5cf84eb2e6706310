// The parts of the report that are words and numbers.
import { Attempt, Failure, Report } from "./data";
import { Child, h, section, table } from "./dom";
import { amount, bytes, count, duration, moment, percent, plural, zone } from "./format";
import { gist } from "../src/gist";
import { bins, trouble } from "./nodes";
import { state } from "./states";
import { swatch } from "./timeline";

export function header(r: Report): HTMLElement {
  const a = r.about;
  const title = a.kind === "campaign" ? a.name : a.label || a.name;
  const facts: string[] = [];
  if (title !== a.name) facts.push(`${a.kind} ${a.name}`);
  else if (a.kind) facts.push(a.kind);
  if (a.cluster) facts.push(`cluster ${a.cluster}`);
  if (a.user) facts.push(`by ${a.user}`);
  if (a.submitted) facts.push(`submitted ${moment(a.submitted)}`);
  facts.push(a.ended ? `ended ${moment(a.ended)}` : a.status === "running" || a.status === "active" ? "not ended yet" : "");
  return h("header", {},
    h("h1", {}, title || "Report"),
    h("p", { class: "facts" }, a.status ? h("span", { class: `state ${a.status}` }, `${state(a.status).sign} ${a.status}`) : null, ...facts.filter(Boolean).map((f) => h("span", {}, f))),
    a.message ? h("p", { class: "message" }, a.node ? `${a.node}: ${gist(a.message)}` : gist(a.message)) : null,
    ...notices(r).map((n) => h("p", { class: "notice" }, n)));
}

function notices(r: Report): string[] {
  const list: string[] = [];
  if (r.missing) list.push(`${plural(r.missing, "attempt")} are not in this report: the disk of the launcher could not keep up. They are missing in all figures.`);
  if (r.unreadable) list.push(`${plural(r.unreadable, "record")} could not be read and are missing in all figures.`);
  return list;
}

export function tiles(r: Report): HTMLElement {
  const t = r.totals;
  const c = r.core_hours;
  const used = c.succeeded + c.failed + c.lost;
  const tile = (name: string, value: string, more: string, status?: string) =>
    h("div", {}, h("dt", {}, status ? swatch(status) : null, name), h("dd", {}, value), h("dd", {}, more));
  return h("dl", { class: "tiles" },
    tile("succeeded", count(t.succeeded), t.attempts > 0 ? percent(t.succeeded, t.attempts) + " of attempts" : "none yet", "succeeded"),
    tile("failed", count(t.failed), t.failed > 0 ? percent(t.failed, t.attempts) + " of attempts" : "none", "failed"),
    tile("lost", count(t.lost), t.retries > 0 ? `${count(t.retries)} attempts were retries` : "no retries", "lost"),
    tile("elapsed", t.seconds > 0 ? duration(t.seconds) : "–", r.waiting.first_task_known ? `first task after ${duration(r.waiting.first_task)}` : "first start to last end"),
    tile("core-hours used", amount(used), c.asked_known ? `${percent(used, c.asked)} of ${amount(c.asked)} asked for` : "asked for: not known"),
    tile("workers", count(t.workers), `on ${plural(t.hosts, "host")}${t.jobs ? ` in ${plural(t.jobs, "job")}` : ""}`),
    ...(t.peak_memory ? [tile("peak memory", bytes(t.peak_memory), "of one interpreter")] : []));
}

export function counts(r: Report): Child {
  const a = r.about;
  if (!a.counts || a.kind !== "campaign") return null;
  const total = Object.values(a.counts).reduce((x, y) => x + y, 0);
  const order = ["done", "failed", "running", "waiting", "skipped", "cancelled"];
  const rows = order.filter((s) => a.counts![s]).map((s) => ({ s, n: a.counts![s] }));
  return section("Rows", `${plural(total, "row")} of parameters.`,
    meter(rows.map((x) => ({ name: x.s, value: x.n, color: state(x.s).color })), total, (n) => count(n)),
    a.reasons?.length ? h("ul", { class: "reasons" }, ...a.reasons.map((x) => h("li", {}, `${count(x.rows)} × ${x.text}`))) : null);
}

interface Part { name: string; value: number; color: string }

// meter is a bar of parts with its figures below.
function meter(parts: Part[], total: number, text: (n: number) => string): HTMLElement {
  const bar = h("div", { class: "meter", "aria-hidden": "true" }, ...parts.map((p) => {
    const e = h("span", {});
    e.style.width = `${(100 * p.value) / total}%`;
    e.style.background = p.color;
    return e;
  }));
  const key = h("ul", { class: "key" }, ...parts.map((p) => {
    const s = h("span", { class: "swatch", "aria-hidden": "true" });
    s.style.background = p.color;
    return h("li", {}, s, `${p.name} ${text(p.value)} (${percent(p.value, total)})`);
  }));
  return h("div", {}, bar, key);
}

export function cores(r: Report): HTMLElement {
  const c = r.core_hours;
  const used = c.succeeded + c.failed + c.lost;
  const parts: Part[] = [
    { name: "succeeded", value: c.succeeded, color: state("succeeded").color },
    { name: "failed", value: c.failed, color: state("failed").color },
    { name: "lost", value: c.lost, color: state("lost").color },
    { name: "idle", value: Math.max(0, c.asked - used), color: state("waiting").color },
  ].filter((p) => p.value > 0);
  if (!c.asked_known && used === 0) return section("Core-hours", "", h("p", { class: "empty" }, "None have been used yet."));
  const about = c.asked_known
    ? `${amount(c.asked)} core-hours were held by jobs between the submission and the end; ${amount(used)} of them were used by tasks.`
    : `${amount(used)} core-hours were used by tasks. How many jobs held is not known.`;
  return section("Core-hours", about, parts.length > 0 && meter(parts, Math.max(c.asked, used), amount));
}

export function waiting(r: Report): Child {
  const w = r.waiting;
  if (!w.first_task_known && w.jobs.count === 0 && w.queued === 0) return null;
  const facts = [
    w.first_task_known && `The first task began ${duration(w.first_task)} after the submission.`,
    w.jobs.count > 0 && `${plural(w.jobs.count, "job")} waited in the queue: median ${duration(w.jobs.p50)}, 90 % at most ${duration(w.jobs.p90)}, longest ${duration(w.jobs.max)}.`,
    w.queued > 0 && `${plural(w.queued, "job")} still waiting.`,
  ].filter(Boolean).join(" ");
  return section("Waiting", facts, w.jobs.count > 1 && bins("How long jobs were queued", w.jobs, 200, state("waiting").color, "job"));
}

const where = (a: Attempt): string => [a.host, a.worker].filter(Boolean).join(", ");

const what = (a: Attempt): string => (a.row !== undefined ? `row ${a.row}` : `task ${a.task}`) + (a.number > 1 ? `, attempt ${a.number}` : "");

function failure(f: Failure): HTMLElement {
  const title = f.type || f.cause || f.status;
  const nodes = f.nodes ?? [];
  const number = nodes.length + (f.more_nodes ?? 0);
  const sub = [number > 1 ? `in ${plural(number, "node")}` : number === 1 && `in ${nodes[0].node}`, f.type && f.cause !== "exception" && f.cause, f.first && f.last && (f.first === f.last ? moment(f.first) : `${moment(f.first)} to ${moment(f.last)}`)].filter(Boolean).join(" · ");
  const hosts = (f.hosts ?? []).map((x) => `${x.host} ${count(x.count)}×`).join(", ");
  const most = nodes.map((x) => `${x.node} ${count(x.count)}×`).join(", ") + (f.more_nodes ? ` and ${plural(f.more_nodes, "more node")}` : "");
  return h("details", { class: "failure" },
    h("summary", {}, h("span", { class: `state ${f.status}` }, `${state(f.status).sign} ${count(f.count)}×`), h("strong", {}, title), h("span", { class: "sub" }, sub),
      f.message ? h("span", { class: "excerpt" }, gist(f.message)) : null),
    f.message ? h("p", { class: "message" }, f.message) : null,
    f.advice ? h("p", { class: "advice" }, f.advice) : null,
    f.traceback ? h("pre", { tabindex: "0" }, f.traceback) : null,
    f.output ? h("p", {}, "printed:") : null, f.output ? h("pre", { tabindex: "0" }, f.output) : null,
    h("p", {}, `for example ${f.examples.map((e) => [what(e), e.host && `on ${e.host}`].filter(Boolean).join(" ")).join("; ")}`),
    number > 1 && h("p", {}, `nodes: ${most}`), hosts !== "" && h("p", {}, `hosts: ${hosts}`),
    f.task ? h("p", {}, `task: ${f.task}`) : null);
}

export function failures(r: Report): HTMLElement {
  if (r.failures.length === 0) {
    return section("Failures", "", h("p", { class: "empty" }, r.totals.attempts > 0 ? "✓ Nothing failed and nothing was lost." : "No attempt has ended yet. The report shows what has: make it again later."));
  }
  const bad = r.totals.failed + r.totals.lost;
  return section("Failures", `${plural(bad, "attempt")} failed or ${bad === 1 ? "was" : "were"} lost, in ${plural(r.failures.length, "group")}. Open one to see more.`,
    ...r.failures.map(failure),
    r.more_failures ? h("p", { class: "note" }, `${plural(r.more_failures, "attempt")} in other groups not shown.`) : null);
}

export function slowest(r: Report): Child {
  if (r.slowest.length === 0) return null;
  const rows = r.slowest_rows.length > 0 && table(r.slowest_rows, [
    { title: "row", number: true, cell: (x) => String(x.row) },
    { title: "took", number: true, cell: (x) => duration(x.busy_seconds) },
    { title: "elapsed", number: true, cell: (x) => duration(x.seconds) },
    { title: "attempts", number: true, wide: true, cell: (x) => count(x.attempts) },
    { title: "✗ failed", number: true, wide: true, cell: (x) => trouble(x.failed, "failed") },
    { title: "! lost", number: true, wide: true, cell: (x) => trouble(x.lost, "lost") },
    { title: "began", number: true, wide: true, cell: (x) => (x.started ? moment(x.started) : "–") },
  ], "Slowest rows");
  return section("Slowest", "", rows && h("h3", {}, "Rows"), rows, h("h3", {}, "Attempts"), table(r.slowest, [
    { title: "took", number: true, cell: (a) => duration(a.seconds) },
    { title: "", cell: (a) => h("span", { class: `state ${a.status}`, title: a.status }, state(a.status).sign) },
    { title: "node", cell: (a) => a.node || "whole run" },
    { title: r.about.kind === "campaign" ? "row" : "task", number: true, cell: (a) => String(a.row ?? a.task) },
    { title: "attempt", number: true, wide: true, cell: (a) => String(a.number) },
    { title: "where", wide: true, cell: where },
    { title: "began", number: true, wide: true, cell: (a) => (a.started ? moment(a.started) : "–") },
  ], "Slowest attempts"));
}

export function hosts(r: Report): Child {
  if (r.hosts.length === 0) return null;
  return section("Hosts", "Those with the most trouble first.", table(r.hosts, [
    { title: "host", cell: (x) => x.host },
    { title: "✓ done", number: true, cell: (x) => count(x.succeeded) },
    { title: "✗ failed", number: true, cell: (x) => trouble(x.failed, "failed") },
    { title: "! lost", number: true, cell: (x) => trouble(x.lost, "lost") },
    { title: "trouble", number: true, wide: true, cell: (x) => percent(x.failed + x.lost, x.succeeded + x.failed + x.lost) },
    { title: "busy", number: true, cell: (x) => duration(x.busy_seconds) },
  ], "Hosts"), r.more_hosts ? h("p", { class: "note" }, `${plural(r.more_hosts, "host")} not shown.`) : null);
}

export function details(r: Report): Child {
  const parts = ([["Definition", r.about.definition], ["Provenance", r.about.provenance]] as const).filter(([, v]) => v !== undefined && v !== null);
  if (parts.length === 0) return null;
  return section("How it was made", "", ...parts.map(([name, value]) =>
    h("details", {}, h("summary", {}, name), h("pre", { tabindex: "0" }, JSON.stringify(value, null, 2)))));
}

export function footer(r: Report): HTMLElement {
  return h("footer", {}, `Made ${moment(r.made)} by ewoks-hpc${r.program ? ` ${r.program}` : ""}. Times are of ${zone()}. All durations are wall-clock time.`);
}
