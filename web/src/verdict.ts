import { count, plural, rate, span } from "./format";
import { gist } from "./gist";
import type { Live } from "./live";
import type { Board, Pulse } from "./types";

/** Verdict is what somebody with five seconds has to know. */
export interface Verdict {
  tone: "good" | "bad" | "warn" | "quiet";
  text: string;
  /** more are sentences behind it, and then what to type. */
  more: string[];
  command?: string;
}

export function verdict(live: Live): Verdict | undefined {
  const b = live.board;
  if (!b) return undefined;
  const problems = [...stopped(b), ...starved(b), ...failing(b, live.pulse)];
  if (b.paused) problems.unshift({ bad: false, text: "The cluster is paused: nothing is given to workers", more: [], command: `ewoks-hpc resume --cluster ${b.cluster}` });
  const said = problems.flatMap((p) => [p.text, ...p.more]);
  const rest = b.notices.filter((n) => !n.startsWith("nothing is running because") && !said.some((s) => s.includes(n) || n.includes(s)) && !covered(b, n));
  if (problems.length) {
    const [first, ...others] = problems;
    return {
      tone: problems.some((p) => p.bad) ? "bad" : "warn", text: first.text + ".", command: first.command,
      more: [...first.more, ...others.map((o) => o.text + "."), ...rest],
    };
  }
  // While tasks succeed, a sentence about what waits is no reason to worry.
  if (!rest.length || lately(live.pulse, 30).succeeded) return calm(b, live.pulse, rest);
  return { tone: "warn", text: rest[0], more: rest.slice(1) };
}

interface Problem { bad: boolean; text: string; more: string[]; command?: string }

/** covered says that a sentence of the launcher is about a pool of which the verdict tells. */
const covered = (b: Board, notice: string) => Object.values(b.pools).some((p) => p.stopped && notice.startsWith(`pool ${p.pool} is stopped`));

function stopped(b: Board): Problem[] {
  const pools = Object.values(b.pools).filter((p) => p.stopped);
  if (!pools.length) return [];
  const text = `${plural(pools.length, "pool")} cannot start jobs: ${pools.map((p) => p.pool).join(", ")}`;
  return [{ bad: true, text, more: pools.map((p) => `${p.pool}: ${p.stopped!.reason}. What to do: ${p.stopped!.hint}`) }];
}

/** starved: tasks wait and nobody is there to take them. */
function starved(b: Board): Problem[] {
  if (b.ready === 0 || b.paused || Object.values(b.workers).some((w) => !w.leaving)) return [];
  const queued = Object.values(b.jobs).filter((j) => j.phase === "queued" || j.phase === "held" || j.phase === "starting");
  const reasons = [...new Set(queued.map((j) => j.reason).filter(Boolean))] as string[];
  const waits = queued.length ? `${plural(queued.length, "job")} in the queue` : "no job is in the queue";
  return [{ bad: false, text: `${plural(b.ready, "task")} ${b.ready === 1 ? "waits" : "wait"} and no worker is there: ${waits}`, more: reasons.slice(0, 3) }];
}

/** recent is how far back failures matter to the verdict, in seconds. */
const recent = 60;

function failing(b: Board, p: Pulse | undefined): Problem[] {
  const { failed, lost, succeeded } = lately(p, recent);
  const list: Problem[] = [];
  const cause = failed ? Object.values(p!.failures).filter((f) => f.status === "failed").at(-1) : undefined;
  if (failed) {
    const text = `${plural(failed, "task")} failed in the last minute, ${count(succeeded)} succeeded`;
    list.push({ bad: failed > succeeded, text, more: cause ? [`Last: ${cause.label}: ${gist(cause.message)}`] : [] });
  }
  if (lost) list.push({ bad: false, text: `${plural(lost, "attempt")} lost in the last minute with their workers; they are tried again`, more: [] });
  const drained = Object.values(b.pools).flatMap((p) => p.excluded ?? []);
  if (drained.length) list.push({ bad: false, text: `${plural(drained.length, "node")} not used: ${drained.slice(0, 4).map((x) => `${x.node} (${x.reason})`).join(", ")}`, more: [] });
  return list;
}

/** lately adds up the last seconds. */
export function lately(p: Pulse | undefined, seconds: number) {
  const sum = { succeeded: 0, failed: 0, lost: 0 };
  const from = Date.now() / 1000 - seconds;
  for (const [at, s] of Object.entries(p?.seconds ?? {})) {
    if (Number(at) < from) continue;
    sum.succeeded += s.succeeded ?? 0;
    sum.failed += s.failed ?? 0;
    sum.lost += s.lost ?? 0;
  }
  return sum;
}

/** rateOf is how many tasks end in a second, over the last ten that are whole. */
export function rateOf(p: Pulse | undefined): number {
  const now = Math.floor(Date.now() / 1000);
  let n = 0;
  for (let at = now - 10; at < now; at++) {
    const s = p?.seconds[at];
    if (s) n += (s.succeeded ?? 0) + (s.failed ?? 0);
  }
  return n / 10;
}

function calm(b: Board, p: Pulse | undefined, notices: string[]): Verdict {
  const going = Object.values(b.runs).filter((r) => r.status === "running").length;
  const campaigns = Object.values(b.campaigns).filter((c) => c.phase === "active" || c.phase === "filling");
  if (!going && !campaigns.length) {
    return { tone: "quiet", text: "Nothing to do: no run goes on.", more: [], command: `ewoks-hpc run WORKFLOW --cluster ${b.cluster}` };
  }
  const workers = Object.keys(b.workers).length;
  const left = Math.max(0, ...campaigns.map((c) => c.left ?? 0));
  const parts = [plural(going, "run") + (going === 1 ? " goes on" : " go on"), `${rate(rateOf(p))} tasks a second`, plural(workers, "worker")];
  if (left > 0) parts.push(`about ${span(left)} left`);
  const bad = lately(p, 600);
  // What ended before the launcher was started is not known here.
  const young = b.started !== undefined && Date.now() - Date.parse(b.started) < 600_000;
  const window = young ? "since the launcher started" : "in the last ten minutes";
  return { tone: "good", text: `All is well: ${parts.join(", ")}.`, more: [bad.failed ? `${plural(bad.failed, "task")} failed ${window}, none in the last minute.` : `Nothing failed ${window}.`, ...notices] };
}
