import { bytes, count, plural, rate, span } from "../format";
import { gist } from "../gist";
import { Order } from "../orders";
import { Table, useRows, type Column } from "../table";
import type { Board, Campaign, Job, Pool, Run, Worker } from "../types";
import { Command, Section, Share, State, Time } from "../ui";

const time = (t?: string) => (t ? Date.parse(t) : 0);
const none = <span class="none">–</span>;

export const runLink = (r: string) => "#/runs/" + encodeURIComponent(r);
export const rowLink = (c: string, row: number | string) => `${campaignLink(c)}/${row}`;
/** attemptLink leads to what an attempt is of: a row of a campaign, or a run. */
export const attemptLink = (a: { run: string; campaign?: string; row?: number }) => (a.campaign ? rowLink(a.campaign, a.row ?? 0) : runLink(a.run));
export const campaignLink = (c: string) => "#/campaigns/" + encodeURIComponent(c);

const runState = (r: Run) => (r.paused && r.status === "running" ? "paused" : r.status);
const runTime = (r: Run) => (r.submitted ? ((r.ended ? time(r.ended) : Date.now()) - time(r.submitted)) / 1000 : 0);

const runColumns: Column<Run>[] = [
  { title: "Run", width: "minmax(12rem, 2fr)", by: (r) => r.label || r.run, cell: (r) => <a href={runLink(r.run)} title={r.run}>{r.label || r.run}</a> },
  { title: "State", width: "7.5rem", by: runState, bare: true, cell: (r) => <State of={runState(r)} /> },
  { title: "Progress", width: "minmax(8rem, 1fr)", bare: true, from: 900, cell: (r) => <Progress of={r} /> },
  { title: "Tasks", width: "8.5rem", number: true, by: (r) => r.counts.succeeded, cell: (r) => `${count(r.counts.succeeded)} of ${count(r.counts.nodes)}` },
  { title: "Failed", width: "4.5rem", number: true, by: (r) => r.counts.failed, cell: (r) => (r.counts.failed ? count(r.counts.failed) : none) },
  { title: "Lost", width: "4.5rem", number: true, from: 1200, by: (r) => r.counts.lost, cell: (r) => (r.counts.lost ? count(r.counts.lost) : none) },
  { title: "Took", width: "7rem", number: true, from: 1200, by: runTime, cell: (r) => (r.submitted ? span(runTime(r)) : none) },
  { title: "Submitted", width: "8rem", number: true, from: 760, by: (r) => time(r.submitted), cell: (r) => <Time at={r.submitted} /> },
  { title: "Why", width: "minmax(10rem, 2fr)", bare: true, from: 1200, cell: (r) => <Why node={r.node} message={r.message} /> },
];

export function Progress({ of: r }: { of: Run }) {
  const c = r.counts;
  const running = r.status === "running" ? Math.max(0, c.started - c.succeeded - c.failed) : 0;
  return <Share label="tasks" total={Math.max(c.nodes, c.started)} parts={[["succeeded", c.succeeded], ["failed", c.failed], ["in flight", running]]} />;
}

export function Why({ node, message }: { node?: string; message?: string }) {
  if (!message) return none;
  return <span class="why" title={message}>{node && <b>{node}: </b>}{gist(message)}</span>;
}

export function Runs({ of: b, most }: { of: Board; most?: number }) {
  return (
    <Table label="Runs" noun="run" rows={useRows(b.runs)} columns={runColumns} keyOf={(r) => r.run} sort={[7, true]} most={most} all="#/runs"
      text={most ? undefined : (r) => `${r.run} ${r.label} ${r.user} ${runState(r)} ${r.message}`} leftOut={b.left_out.runs}
      empty={<>No run yet. Submit one: <Command text={`ewoks-hpc run WORKFLOW --cluster ${b.cluster}`} /></>} />
  );
}

const total = (c: Campaign) => c.waiting + c.running + c.done + c.failed + c.skipped + c.cancelled;

const campaignColumns: Column<Campaign>[] = [
  { title: "Campaign", width: "minmax(10rem, 2fr)", by: (c) => c.campaign, cell: (c) => <a href={campaignLink(c.campaign)}>{c.campaign}</a> },
  { title: "Phase", width: "7.5rem", bare: true, by: (c) => c.phase, cell: (c) => <State of={c.phase} /> },
  { title: "Progress", width: "minmax(8rem, 1fr)", bare: true, from: 900, cell: (c) => <Rows of={c} /> },
  { title: "Done", width: "9rem", number: true, by: (c) => c.done, cell: (c) => `${count(c.done)} of ${count(total(c))}` },
  { title: "Failed", width: "5rem", number: true, by: (c) => c.failed, cell: (c) => (c.failed ? count(c.failed) : none) },
  { title: "Rows a second", width: "8rem", number: true, from: 1200, by: (c) => c.rate ?? 0, cell: (c) => (c.rate ? rate(c.rate) : none) },
  { title: "Left", width: "7rem", number: true, from: 760, by: (c) => c.left ?? 0, cell: (c) => (c.left ? span(c.left) : none) },
  { title: "Submitted", width: "8rem", number: true, from: 1200, by: (c) => time(c.submitted), cell: (c) => <Time at={c.submitted} /> },
];

export function Rows({ of: c }: { of: Campaign }) {
  return (
    <Share label="rows" total={total(c)}
      parts={[["done", c.done], ["failed", c.failed], ["in flight", c.running], ["skipped", c.skipped + c.cancelled]]} />
  );
}

export function Campaigns({ of: b, most }: { of: Board; most?: number }) {
  return (
    <Table label="Campaigns" noun="campaign" rows={useRows(b.campaigns)} columns={campaignColumns} keyOf={(c) => c.campaign} sort={[7, true]} most={most} all="#/campaigns"
      text={most ? undefined : (c) => `${c.campaign} ${c.user} ${c.phase}`} leftOut={b.left_out.campaigns}
      empty={<>No campaign. One applies a workflow to a table of parameters: <Command text={`ewoks-hpc campaign run CAMPAIGN.toml --cluster ${b.cluster}`} /></>} />
  );
}

const busy = (w: Worker) => (w.slots ? w.busy / w.slots : 0);

const workerColumns: Column<Worker>[] = [
  { title: "Worker", width: "minmax(9rem, 1.5fr)", by: (w) => w.host + w.worker, cell: (w) => <span title={`${w.worker}, pid ${w.pid}`}>{w.host}{w.leaving && <> <State of="leaving" /></>}</span> },
  { title: "Job", width: "minmax(6rem, 1fr)", by: (w) => w.job ?? "", cell: (w) => (w.job ? <a href={logLink("job", w.job)}>{w.job}</a> : none) },
  { title: "Pool", width: "minmax(5rem, 1fr)", from: 900, by: (w) => w.pool ?? "", cell: (w) => w.pool },
  { title: "Busy", width: "minmax(5rem, 1fr)", from: 760, bare: true, by: busy, cell: (w) => <Share label="slots" total={w.slots} parts={[["running", Math.min(w.busy, w.slots)]]} /> },
  { title: "Slots", width: "5.5rem", number: true, by: (w) => w.slots, cell: (w) => `${count(w.busy)} of ${count(w.slots)}` },
  { title: "Cores", width: "4.5rem", number: true, from: 1200, by: (w) => w.cores ?? 0, cell: (w) => (w.cores ? count(w.cores) : none) },
  { title: "Memory", width: "6rem", number: true, from: 1200, by: (w) => w.memory ?? 0, cell: (w) => (w.memory ? bytes(w.memory) : none) },
  { title: "GPUs", width: "4.5rem", number: true, from: 1200, by: (w) => w.gpus ?? 0, cell: (w) => (w.gpus ? count(w.gpus) : none) },
  { title: "Succeeded", width: "6.5rem", number: true, from: 900, by: (w) => w.succeeded, cell: (w) => count(w.succeeded) },
  { title: "Failed", width: "5rem", number: true, by: (w) => w.failed, cell: (w) => (w.failed ? count(w.failed) : none) },
  { title: "Walltime left", width: "8rem", number: true, by: (w) => time(w.ends_at), cell: (w) => (w.ends_at ? <span title={w.ends_at}>{span(Math.max(0, (time(w.ends_at) - Date.now()) / 1000))}</span> : none) },
];

export const logLink = (kind: string, name: string, node?: string) =>
  `#/logs/${kind}/${encodeURIComponent(name)}${node ? "/" + encodeURIComponent(node) : ""}`;

export function Workers({ of: b }: { of: Board }) {
  return (
    <Table label="Workers" noun="worker" rows={useRows(b.workers)} columns={workerColumns} keyOf={(w) => w.worker} sort={[0, false]}
      text={(w) => `${w.worker} ${w.host} ${w.pool} ${w.job} ${w.leaving ? "leaving" : ""}`} leftOut={b.left_out.workers}
      empty={<>No worker. They come when their jobs start, and jobs come with the first run: <Command text={`ewoks-hpc run WORKFLOW --cluster ${b.cluster}`} /></>} />
  );
}

export const jobName = (j: Job) => (j.index < 0 ? j.id : `${j.id}_${j.index}`);

/** jobState tells jobs that failed from those that ended because they were not needed any more. */
const jobState = (j: Job) => (j.phase === "ended" && j.failed ? "failed" : j.phase);
const troubled = ["failed", "held"];

// What may need somebody comes first, what is over last.
const order = ["held", "unknown", "queued", "starting", "running", "ending", "failed", "ended"];
const rank = (j: Job) => order.indexOf(jobState(j));

const jobColumns: Column<Job>[] = [
  { title: "Job", width: "minmax(6rem, 1fr)", by: jobName, cell: (j) => <a href={logLink("job", jobName(j))} title="its log">{jobName(j)}</a> },
  { title: "State", width: "7.5rem", bare: true, by: rank, cell: (j) => <span title={j.slurm_state}><State of={jobState(j)} /></span> },
  { title: "Pool", width: "minmax(5rem, 1fr)", by: (j) => j.pool, cell: (j) => j.pool },
  { title: "Why", width: "minmax(12rem, 4fr)", bare: true, by: (j) => j.reason ?? "", cell: (j) => (j.reason ? <span class={troubled.includes(jobState(j)) ? "why" : undefined} title={j.reason}>{j.reason}</span> : none) },
  { title: "Nodes", width: "minmax(6rem, 1fr)", from: 900, by: (j) => j.nodes ?? "", cell: (j) => j.nodes || none },
  { title: "Since", width: "8rem", number: true, from: 760, by: (j) => time(j.start), cell: (j) => <Time at={j.start} /> },
];

export function Jobs({ of: b }: { of: Board }) {
  return (
    <Table label="Jobs" noun="job" rows={useRows(b.jobs)} columns={jobColumns} keyOf={jobName} sort={[1, false]} phoneHeight={104}
      text={(j) => `${jobName(j)} ${j.pool} ${jobState(j)} ${j.slurm_state} ${j.reason} ${j.nodes}`} leftOut={b.left_out.jobs}
      empty={<>No job in the queue. Jobs are submitted when tasks wait for a worker; to have some now: <Command text={`ewoks-hpc scale 2 --cluster ${b.cluster}`} /></>} />
  );
}

export function Pools({ of: b }: { of: Board }) {
  const pools = Object.values(b.pools);
  if (!pools.length) return null;
  const aside = pools.some((p) => p.stopped) && <Order verb="resume" kind="cluster" words="Let stopped pools submit again" />;
  return <Section title="Pools" aside={aside}><div class="cards">{pools.map((p) => <PoolCard key={p.pool} of={p} />)}</div></Section>;
}

function PoolCard({ of: p }: { of: Pool }) {
  return (
    <article class="card">
      <h3>pool {p.pool} {p.stopped && <State of="stopped" />}</h3>
      <p>{plural(p.jobs, "job")} (wanted: {p.size}), {plural(p.slots_per_job, "slot")} each; tasks need {plural(p.demand, "slot")}</p>
      {p.stopped && <p class="bad">{p.stopped.reason}, <Time at={p.stopped.since} />. What to do: <span class="faint">{p.stopped.hint}</span></p>}
      {p.stopped?.log && <pre class="log short">{p.stopped.log}</pre>}
      {p.excluded?.map((x) => <p key={x.node}><State of="excluded" words={x.node} /> not used, {x.reason}; again <Time at={x.until} /></p>)}
    </article>
  );
}
