import type uPlot from "uplot";
import { states, type TaskStore } from "./tasks";
import { colour } from "./theme";

/** Lanes are the rows of the picture: those of workers that did something in the window, grouped by worker. */
export interface Lanes {
  position: Map<number, number>;
  count: number;
  labels: { at: number; text: string }[];
}

export function lanesOf(store: TaskStore, from: number, hosts: (worker: string) => string): Lanes {
  const used = new Set<number>();
  for (let i = 0; i < store.count; i++) if (store.end[i] >= from) used.add(store.lane[i]);
  const named = [...used].map((lane) => ({ lane, worker: store.lanes[lane].worker, host: hosts(store.texts[store.lanes[lane].worker]) }));
  const order = named.sort((a, b) => (a.worker === b.worker ? a.lane - b.lane : compare(a.host, b.host) || a.worker - b.worker));
  const lanes: Lanes = { position: new Map(), count: order.length, labels: [] };
  order.forEach(({ lane, worker, host }, at) => {
    lanes.position.set(lane, at);
    if (at === 0 || order[at - 1].worker !== worker) lanes.labels.push({ at, text: host });
  });
  return lanes;
}

const collator = new Intl.Collator("en", { numeric: true });
const compare = (a: string, b: string) => collator.compare(a, b);

export type Colouring = "state" | "node";

/** paint draws attempts as rectangles into a chart whose y scale is lanes from the top. */
export function paint(u: uPlot, store: TaskStore, lanes: Lanes, colouring: Colouring): void {
  const { ctx, bbox } = u;
  const tones = stateColours();
  const from = u.scales.x.min! * 1000, to = u.scales.x.max! * 1000;
  const scale = bbox.width / (to - from), height = bbox.height / Math.max(1, lanes.count);
  const gap = height > 5 ? 1 : 0;
  const batches = new Map<string, number[]>();
  for (let i = 0; i < store.count; i++) {
    const at = lanes.position.get(store.lane[i]);
    if (at === undefined || store.end[i] < from || store.start[i] > to) continue;
    const fill = (colouring === "node" && store.state[i] === 0 ? palette[store.label[i] % palette.length] : tones[store.state[i]]) ?? palette[8];
    let batch = batches.get(fill);
    if (!batch) batches.set(fill, (batch = []));
    const x = Math.max(0, (store.start[i] - from) * scale);
    batch.push(bbox.left + x, bbox.top + at * height, Math.max(1, (store.end[i] - from) * scale - x - (scale > 0.02 ? 1 : 0)), Math.max(1, height - gap));
  }
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  for (const [fill, r] of batches) {
    ctx.fillStyle = fill;
    for (let i = 0; i < r.length; i += 4) ctx.fillRect(r[i], r[i + 1], r[i + 2], r[i + 3]);
  }
  ctx.restore();
}

const stateColours = () => states.map((s) => colour(`--${s === "skipped" ? "waiting" : s}`));

// Paul Tol's light scheme, whose colours the colour-blind tell apart and which are none of the states'.
export const palette = ["#77aadd", "#99ddff", "#44bb99", "#bbcc33", "#aaaa00", "#eedd88", "#ee8866", "#ffaabb", "#bbbbbb"];

/** find is the attempt at a place, or -1. */
export function find(store: TaskStore, lanes: Lanes, lane: number, time: number, slack: number): number {
  let best = -1;
  for (let i = 0; i < store.count; i++) {
    if (lanes.position.get(store.lane[i]) !== lane || store.start[i] - slack > time || store.end[i] + slack < time) continue;
    if (best < 0 || store.end[i] - store.start[i] < store.end[best] - store.start[best]) best = i;
  }
  return best;
}
