import { useMemo } from "preact/hooks";
import uPlot from "uplot";
import { axis, bars, Plot, timeAxis } from "../charts";
import { ago, count, rate } from "../format";
import type { Live } from "../live";
import { colour } from "../theme";
import type { Board, Failed, Pulse } from "../types";
import { Empty, Section, State, Tile, Time, Wait } from "../ui";
import { lately, rateOf } from "../verdict";
import { gist } from "../gist";
import { attemptLink, Campaigns, Runs } from "./lists";

/** Overview answers within five seconds whether all is well. */
export function Overview({ live, attempts }: { live: Live; attempts: boolean }) {
  const b = live.board;
  if (!b) return <Wait height={600} />;
  return (
    <>
      <Tiles of={b} pulse={live.pulse} />
      {attempts && <Section title="Tasks that ended, per second">{live.pulse ? <Rate of={live.pulse} /> : <Wait height={180} />}</Section>}
      <Section title="Runs"><Runs of={b} most={8} /></Section>
      <Section title="Campaigns"><Campaigns of={b} most={5} /></Section>
      {attempts && <Section title="Last failures">{live.pulse ? <Failures of={live.pulse} /> : <Wait height={80} />}</Section>}
    </>
  );
}

function Tiles({ of: b, pulse }: { of: Board; pulse?: Pulse }) {
  const runs = Object.values(b.runs), workers = Object.values(b.workers), jobs = Object.values(b.jobs);
  const slots = workers.reduce((n, w) => n + w.slots, 0), busy = workers.reduce((n, w) => n + Math.min(w.busy, w.slots), 0);
  const waiting = jobs.filter((j) => j.phase === "queued" || j.phase === "held").length;
  const minute = lately(pulse, 60);
  return (
    <div class="tiles">
      <Tile title="Runs that go on" value={count(runs.filter((r) => r.status === "running").length)} more={`${count(runs.length)} known`} href="#/runs" />
      <Tile title="Tasks a second" value={pulse ? rate(rateOf(pulse)) : "–"} more={`${count(b.totals.succeeded)} succeeded`} href="#/tasks" />
      <Tile title="Failed, last minute" value={pulse ? count(minute.failed) : "–"} more={`${count(b.totals.failed)} in all, ${count(b.totals.lost)} lost`} href="#/runs" />
      <Tile title="Tasks that wait" value={count(b.ready)} more={`${count(b.leased)} with workers${b.delayed ? `, ${count(b.delayed)} delayed` : ""}`} href="#/tasks" />
      <Tile title="Slots busy" value={slots ? `${Math.round((100 * busy) / slots)} %` : "–"} more={`${count(busy)} of ${count(slots)}, ${count(workers.length)} workers`} href="#/workers" />
      <Tile title="Jobs" value={count(jobs.filter((j) => j.phase === "running").length)} more={`running, ${count(waiting)} wait`} href="#/jobs" />
    </div>
  );
}

/** shownOf is how many seconds to show: minutes, up to five, in which something ended. */
function shownOf(p: Pulse): number {
  const age = Date.now() / 1000 - Math.min(Infinity, ...Object.keys(p.seconds).map(Number));
  return Math.min(300, Math.max(60, Math.ceil(Math.min(age, 300) / 60) * 60));
}

/** Rate draws what ended in each second, failures below what succeeded. */
function Rate({ of: p }: { of: Pulse }) {
  const data = useMemo(() => series(p), [p]);
  return <Plot make={rateOptions} data={data} height={180} label={`tasks that ended in each of the last ${shownOf(p)} seconds; now ${rate(rateOf(p))} a second`} />;
}

function series(p: Pulse): uPlot.AlignedData {
  const end = Math.floor(Date.now() / 1000), shown = shownOf(p);
  const x = new Array<number>(shown), all = new Array<number>(shown), bad = new Array<number>(shown), lost = new Array<number>(shown);
  for (let i = 0; i < shown; i++) {
    const s = p.seconds[end - shown + i] ?? {};
    x[i] = end - shown + i;
    lost[i] = s.lost ?? 0;
    bad[i] = lost[i] + (s.failed ?? 0);
    all[i] = bad[i] + (s.succeeded ?? 0);
  }
  return [x, all, bad, lost];
}

function rateOptions(width: number): uPlot.Options {
  const part = (label: string, variable: string): uPlot.Series => ({ label, paths: bars(), fill: colour(variable), stroke: colour(variable), width: 0, points: { show: false } });
  return {
    width, height: 0, padding: [12, 24, 0, 0], legend: { show: false }, cursor: { show: false },
    scales: { x: { time: true }, y: { range: (_u, _min, max) => [0, Math.max(1, max * 1.1)] } },
    axes: [timeAxis(), axis({ values: (_u, v) => v.map((n) => (Number.isInteger(n) ? count(n) : "")) })],
    series: [{}, part("succeeded", "--succeeded"), part("failed", "--failed"), part("lost", "--lost")],
  };
}

function Failures({ of: p }: { of: Pulse }) {
  const list = Object.entries(p.failures).sort(([a], [b]) => Number(b) - Number(a)).slice(0, 8);
  if (!list.length) return <Empty>No attempt failed or was lost lately.</Empty>;
  return <ul class="failures">{list.map(([number, f]) => <Failure key={number} of={f} />)}</ul>;
}

function Failure({ of: f }: { of: Failed }) {
  return (
    <li>
      <State of={f.status} words={f.cause || f.status} />
      <span class="what"><a href={attemptLink(f)}>{f.campaign ? `row ${f.row ?? 0} of ${f.campaign}` : f.label}</a><span class="faint"> try {f.number}{f.host && ` on ${f.host}`}</span></span>
      <span class="why" title={f.message}>{gist(f.message)}</span>
      <span class="faint when" title={f.ended && ago(f.ended)}><Time at={f.ended} /></span>
    </li>
  );
}
