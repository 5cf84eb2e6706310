import { useEffect, useMemo, useState } from "preact/hooks";
import uPlot from "uplot";
import { get, wordsOf } from "../api";
import { axis, bars, Plot } from "../charts";
import { bytes, count, plural, span } from "../format";
import { gist } from "../gist";
import { Graph, most, nameOf, stateOf, words } from "../graph";
import type { Live } from "../live";
import { Order } from "../orders";
import { Table, type Column } from "../table";
import { colour } from "../theme";
import type { Attempt, Failure, Node, RunBoard } from "../types";
import { Blame, Empty, Section, State, Time, Trouble, Wait } from "../ui";
import { campaignLink, logLink, Progress, rowLink } from "./lists";

/** Run is one run: its graph, its nodes, what failed and how long things took. */
export function Run({ live, id, attempts }: { live: Live; id: string; attempts: boolean }) {
  const r = live.run;
  const gone = live.gone["run:" + id];
  if (gone) return <Trouble of={{ error: gone.error, hint: gone.hint ?? "The launcher keeps the newest runs: see the list of runs." }} />;
  if (!r || r.run !== id) return <Wait height={600} />;
  return (
    <>
      <Head of={r} />
      <Nodes of={r} />
      {attempts && <Attempts run={id} ended={r.counts.succeeded + r.counts.failed} />}
    </>
  );
}

function Head({ of: r }: { of: RunBoard }) {
  const on = r.status === "running";
  return (
    <section class="page-head">
      <div class="title">
        <h1>{r.label || r.run}</h1>
        <State of={on && r.paused ? "paused" : r.status} />
        {on && <div class="buttons">
          {r.paused ? <Order verb="resume" kind="run" name={r.run} words="Resume" /> : <Order verb="pause" kind="run" name={r.run} words="Pause" />}
          <Order verb="cancel" kind="run" name={r.run} words="Cancel the run" question="Cancel this run? What its tasks are doing is thrown away." />
        </div>}
        <a class="button" href={logLink("run", r.run)}>Log</a>
      </div>
      <p class="faint">
        <code>{r.run}</code>{r.user && ` by ${r.user}`}, submitted <Time at={r.submitted} long />{r.ended && <>, ended <Time at={r.ended} /></>}
        {r.campaign && <>, <a href={rowLink(r.campaign, r.row ?? 0)}>row {r.row ?? 0}</a> of <a href={campaignLink(r.campaign)}>{r.campaign}</a></>}
      </p>
      <p><Progress of={r} /> {count(r.counts.succeeded)} of {count(r.counts.nodes)} nodes succeeded, {count(r.counts.failed)} failed, {count(r.counts.retried)} retried, {count(r.counts.lost)} lost</p>
      {r.message && <Blame of={r} />}
    </section>
  );
}

const columns: Column<Node & { run: string }>[] = [
  { title: "Node", width: "minmax(10rem, 2fr)", by: nameOf, cell: (n) => <a href={logLink("run", n.run, n.id)} title={`what ${n.id} printed`}>{nameOf(n)}</a> },
  { title: "State", width: "7.5rem", bare: true, by: stateOf, cell: (n) => <State of={stateOf(n)} /> },
  { title: "Tasks", width: "minmax(8rem, 1fr)", bare: true, from: 900, cell: words },
  { title: "Task", width: "minmax(10rem, 2fr)", from: 1200, by: (n) => n.identifier ?? "", cell: (n) => <span class="faint">{n.identifier}</span> },
  { title: "Mean", width: "6rem", number: true, by: (n) => n.mean ?? 0, cell: (n) => (n.mean ? span(n.mean) : "–") },
  { title: "Longest", width: "6rem", number: true, by: (n) => n.longest ?? 0, cell: (n) => (n.longest ? span(n.longest) : "–") },
  { title: "Retried", width: "5rem", number: true, from: 760, by: (n) => n.retried ?? 0, cell: (n) => n.retried || "–" },
  { title: "Lost", width: "4rem", number: true, from: 760, by: (n) => n.lost ?? 0, cell: (n) => n.lost || "–" },
  { title: "Error", width: "minmax(8rem, 2fr)", bare: true, from: 1200, cell: (n) => <span class="why" title={n.message}>{gist(n.message)}</span> },
];

function Nodes({ of: r }: { of: RunBoard }) {
  const nodes = useMemo(() => Object.values(r.nodes), [r.nodes]);
  const rows = useMemo(() => nodes.map((n) => ({ ...n, run: r.run })), [nodes]);
  const [chosen, choose] = useState<number>();
  const one = chosen === undefined ? undefined : nodes[chosen];
  return (
    <>
      <Section title="Workflow">
        {nodes.length === 0 && <Empty>The workflow of this run is not kept any more.</Empty>}
        {nodes.length > most && <Empty>{plural(nodes.length, "node")} are too many for a drawing; the table has them all.</Empty>}
        {nodes.length > 0 && nodes.length <= most && <Graph nodes={nodes} links={r.links} chosen={chosen} choose={(i) => choose(i === chosen ? undefined : i)} />}
        {one && <div class="card" role="status">
          <h3>{nameOf(one)} <State of={stateOf(one)} /></h3>
          <p class="faint"><code>{one.identifier}</code></p>
          <p>{words(one)}{one.mean ? `; ${span(one.mean)} on average, ${span(one.longest ?? 0)} at most` : ""}</p>
          {one.message && <p class="bad lines">{one.message}</p>}
          <p><a href={logLink("run", r.run, one.id)}>What it printed</a></p>
        </div>}
      </Section>
      <Section title="Nodes">
        <Table label="Nodes" noun="node" rows={rows} columns={columns} keyOf={(n) => n.id} text={(n) => `${n.id} ${n.label} ${n.identifier} ${stateOf(n)}`} leftOut={r.left_out} empty="No nodes." />
      </Section>
    </>
  );
}

/** Attempts are asked for when the numbers of ended tasks say that there are more, and not more than every two seconds. */
function Attempts({ run, ended }: { run: string; ended: number }) {
  const [list, setList] = useState<Attempt[]>();
  const [trouble, setTrouble] = useState<Failure>();
  useEffect(() => {
    const t = setTimeout(() => {
      get<{ attempts: Attempt[] }>("/api/attempts", { run, most: 2000 }).then((a) => setList(a.attempts.reverse()), (e) => setTrouble(wordsOf(e)));
    }, list ? 2000 : 0);
    return () => clearTimeout(t);
  }, [run, Math.min(ended, ended)]);
  if (trouble) return <Trouble of={trouble} />;
  if (!list) return <Wait height={200} />;
  return (
    <>
      <Section title="Durations of tasks">{list.length ? <Histogram of={list} /> : <Empty>No task of this run has ended lately.</Empty>}</Section>
      <Section title="Newest attempts">
        <Table label="Attempts" noun="attempt" rows={list} columns={attemptColumns} keyOf={(a) => String(a.position)}
          text={(a) => `${a.label} ${a.node} ${a.worker} ${a.host} ${a.status} ${a.failure?.message}`} empty="None is kept." />
      </Section>
    </>
  );
}

const took = (a: Attempt) => (a.started && a.ended ? (Date.parse(a.ended) - Date.parse(a.started)) / 1000 : 0);

const attemptColumns: Column<Attempt>[] = [
  { title: "Task", width: "minmax(9rem, 2fr)", by: (a) => a.label || a.node || "", cell: (a) => `${a.label || a.node || "whole run"} #${a.task}` },
  { title: "State", width: "7.5rem", bare: true, by: (a) => a.status, cell: (a) => <State of={a.status} /> },
  { title: "Try", width: "3.5rem", number: true, by: (a) => a.number, cell: (a) => a.number },
  { title: "Took", width: "6rem", number: true, by: took, cell: (a) => (a.started ? span(took(a)) : "–") },
  { title: "Memory", width: "6rem", number: true, from: 1200, by: (a) => a.peak_memory ?? 0, cell: (a) => (a.peak_memory ? bytes(a.peak_memory) : "–") },
  { title: "Host", width: "minmax(6rem, 1fr)", from: 760, by: (a) => a.host ?? "", cell: (a) => a.host },
  { title: "Ended", width: "8rem", number: true, from: 760, by: (a) => a.position, cell: (a) => <Time at={a.ended} /> },
  { title: "Error", width: "minmax(8rem, 3fr)", bare: true, from: 1200, cell: (a) => <span class="why" title={a.failure?.message}>{gist(a.failure?.message)}</span> },
];

/** Histogram has bins that double: tasks take milliseconds or hours. */
function Histogram({ of: list }: { of: Attempt[] }) {
  const times = useMemo(() => list.filter((a) => a.status === "succeeded" && a.started).map(took).sort((a, b) => a - b), [list]);
  const data = useMemo<uPlot.AlignedData>(() => bins(times), [times]);
  if (!times.length) return <Empty>No task has succeeded yet.</Empty>;
  const part = (p: number) => span(times[Math.min(times.length - 1, Math.floor(p * times.length))]);
  return (
    <>
      <Plot make={histogramOptions} data={data} height={160} label={`durations of ${plural(times.length, "task")}; half took at most ${part(0.5)}`} />
      <p class="faint">{plural(times.length, "task")}: half took at most {part(0.5)}, nine of ten {part(0.9)}, the longest {part(1)}.</p>
    </>
  );
}

const base = Math.SQRT2;

function bins(times: number[]): uPlot.AlignedData {
  const bin = (t: number) => Math.floor(Math.log(Math.max(t, 0.0005)) / Math.log(base));
  const first = bin(times[0] ?? 1) - 1, last = bin(times.at(-1) ?? 1) + 1;
  const n = new Array<number>(last - first + 1).fill(0);
  for (const t of times) n[bin(t) - first]++;
  return [n.map((_, i) => first + i), n];
}

function histogramOptions(width: number): uPlot.Options {
  return {
    width, height: 0, legend: { show: false }, cursor: { show: false },
    scales: { x: { time: false }, y: { range: (_u, _min, max) => [0, Math.max(1, max * 1.1)] } },
    axes: [axis({ size: 30, space: 70, incrs: [2, 4, 6, 8, 12], values: (_u, v) => v.map((b) => span(base ** b)) }), axis({ values: (_u, v) => v.map((n) => (Number.isInteger(n) ? count(n) : "")) })],
    series: [{}, { paths: bars(), fill: colour("--succeeded"), stroke: colour("--succeeded"), width: 0, points: { show: false } }],
  };
}
