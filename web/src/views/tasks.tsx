import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import uPlot from "uplot";
import { axis, Plot, timeAxis } from "../charts";
import { clock, plural, span } from "../format";
import type { Live } from "../live";
import { find, lanesOf, paint, type Colouring, type Lanes } from "../stream";
import { states, type TaskStore } from "../tasks";
import { useWidth } from "../width";
import { Command, Empty, Section, State, Wait } from "../ui";
import { rowLink, runLink } from "./lists";

const windows = [10, 60, 300, 1800];

/** Tasks is the stream of attempts over workers. */
export function Tasks({ live }: { live: Live }) {
  const [seconds, setSeconds] = useState(60);
  const [colouring, setColouring] = useState<Colouring>("state");
  const [held, setHeld] = useState<[number, number]>();
  if (!live.tasks || !live.board) return <Wait height={480} />;
  const newest = latest(live.tasks);
  return (
    <Section title="Task stream" aside={
      <div class="tools">
        <span class="choice" role="group" aria-label="time shown">
          {windows.map((w) => <button type="button" key={w} aria-pressed={!held && seconds === w} onClick={() => (setSeconds(w), setHeld(undefined))}>{span(w)}</button>)}
        </span>
        <span class="choice" role="group" aria-label="colour by">
          {(["state", "node"] as const).map((c) => <button type="button" key={c} aria-pressed={colouring === c} onClick={() => setColouring(c)}>by {c}</button>)}
        </span>
        <button type="button" aria-pressed={!!held} onClick={() => setHeld(held ? undefined : [newest - seconds * 1000, newest])}>{held ? "Follow" : "Hold"}</button>
      </div>
    }>
      {live.tasks.count === 0
        ? <Empty>No task has ended yet. They appear here as they end; to start some: <Command text={`ewoks-hpc run WORKFLOW --cluster ${live.board.cluster}`} /></Empty>
        : <Picture store={live.tasks} version={live.tasks.version} seconds={seconds} colouring={colouring} held={held} hold={setHeld} newest={newest} hosts={(w) => live.board?.workers[w]?.host ?? w} />}
    </Section>
  );
}

/** latest is the end of what is shown: now, or when nothing has ended for long the last end. */
function latest(store: TaskStore): number {
  let end = 0;
  for (let i = 0; i < store.count; i++) if (store.end[i] > end) end = store.end[i];
  return Math.min(Date.now(), end + 30_000);
}

interface PictureProps {
  store: TaskStore; version: number; seconds: number; colouring: Colouring; newest: number; hosts: (worker: string) => string;
  held?: [number, number]; hold: (range?: [number, number]) => void;
}

function Picture(p: PictureProps) {
  const width = useWidth();
  const to = p.held?.[1] ?? p.newest, from = p.held?.[0] ?? to - p.seconds * 1000;
  const lanes = useMemo(() => lanesOf(p.store, from, p.hosts), [p.version, from]);
  // Steps, so that a lane more does not move the page.
  const height = Math.min(1100, Math.max(160, Math.ceil((lanes.count * 18) / 160) * 160)) + 40;
  const now = useRef({ ...p, lanes, from, to });
  now.current = { ...p, lanes, from, to };
  const [at, setAt] = useState(-1);
  useEffect(() => setAt(-1), [p.store]);
  const make = useMemo(() => (w: number) => options(w, width < 760 ? 64 : 150, now, setAt), [width < 760]);
  const data = useMemo<uPlot.AlignedData>(() => [[from / 1000, to / 1000], [0, 0]], [from, to, p.version, p.colouring]);
  return (
    <>
      <Plot make={make} height={height} data={data} update={(u) => u.setData(data, true)}
        label={`${plural(p.store.count, "attempt")} over ${plural(lanes.labels.length, "worker")} from ${clock(from)} to ${clock(to)}`} />
      <p class="details" role="status">{at >= 0 ? <Details store={p.store} i={at} /> : <Legend />}</p>
    </>
  );
}

function Legend() {
  return <span class="legend">{states.slice(0, 3).map((s) => <State key={s} of={s} />)}<span class="faint">Point at a task to see it; draw over an interval to look closer.</span></span>;
}

function Details({ store, i }: { store: TaskStore; i: number }) {
  return (
    <>
      <State of={states[store.state[i]] ?? "waiting"} /> <b>{store.texts[store.label[i]]}</b>, {span((store.end[i] - store.start[i]) / 1000)}, ended {clock(store.end[i])},
      try {store.number[i]} on {store.texts[store.lanes[store.lane[i]].worker]}, <Of name={store.texts[store.run[i]]} />
    </>
  );
}

/** Of leads to the run, or to the row of a campaign, whose name has its number after a slash. */
function Of({ name }: { name: string }) {
  const [campaign, row] = name.split("/");
  return row === undefined ? <a href={runLink(name)}>run {name}</a> : <a href={rowLink(campaign, row)}>row {row} of {campaign}</a>;
}

type Now = { current: PictureProps & { lanes: Lanes; from: number; to: number } };

function options(width: number, left: number, now: Now, point: (i: number) => void): uPlot.Options {
  return {
    width, height: 0, padding: [12, 24, 0, 0], legend: { show: false },
    cursor: { points: { show: false }, drag: { x: true, y: false, setScale: false }, y: false },
    scales: {
      x: { range: () => [now.current.from / 1000, now.current.to / 1000] },
      y: { dir: -1, range: () => [0, Math.max(1, now.current.lanes.count)] },
    },
    axes: [timeAxis(), axis({ size: left, grid: { show: false }, ticks: { show: false }, splits: () => spread(now.current.lanes), values: (u, splits) => splits.map((s) => short(now.current.lanes, s, u)) })],
    series: [{}, { paths: () => null, points: { show: false } }],
    hooks: {
      drawAxes: [(u) => paint(u, now.current.store, now.current.lanes, now.current.colouring)],
      setCursor: [(u) => point(under(u, now.current))],
      setSelect: [(u) => {
        const range: [number, number] = [u.posToVal(u.select.left, "x") * 1000, u.posToVal(u.select.left + u.select.width, "x") * 1000];
        u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
        if (range[1] - range[0] > 5) now.current.hold(range);
      }],
    },
  };
}

/** spread takes as many labels as can be read. */
function spread(lanes: Lanes): number[] {
  const step = Math.ceil(lanes.labels.length / 40);
  return lanes.labels.filter((_, i) => i % step === 0).map((l) => l.at + 0.5);
}

function short(lanes: Lanes, split: number, u: uPlot): string {
  const text = lanes.labels.find((l) => l.at === Math.floor(split))?.text ?? "";
  const letters = u.width < 560 ? 8 : 20;
  return text.length > letters ? "…" + text.slice(-letters) : text;
}

function under(u: uPlot, now: Now["current"]): number {
  const { left, top } = u.cursor;
  if (left === undefined || top === undefined || left < 0) return -1;
  return find(now.store, now.lanes, Math.floor(u.posToVal(top, "y")), u.posToVal(left, "x") * 1000, (2 * (now.to - now.from)) / u.width);
}
