import type { Tasks } from "./types";

/** capacity is how many attempts the page keeps. */
export const capacity = 20_000;

export const states = ["succeeded", "failed", "lost", "skipped"] as const;

/**
 * TaskStore keeps the newest attempts in columns: twenty thousand objects would cost more
 * to look through than a frame has time.
 */
export class TaskStore {
  count = 0;
  version = 0;
  readonly start = new Float64Array(capacity); // ms since 1970
  readonly end = new Float64Array(capacity);
  readonly lane = new Int32Array(capacity);
  readonly label = new Int32Array(capacity);
  readonly run = new Int32Array(capacity);
  readonly state = new Int8Array(capacity);
  readonly task = new Float64Array(capacity);
  readonly number = new Int32Array(capacity);
  readonly texts: string[] = [];
  /** lanes are rows of the stream; a worker has as many as it executes tasks at once. */
  readonly lanes: { worker: number; end: number }[] = [];
  private next = 0;
  private known = new Map<string, number>();
  private byWorker = new Map<number, number[]>();

  append(t: Tasks): void {
    const texts = t.texts.map((s) => this.text(s));
    for (const [worker, label, run, start, duration, state, task, number] of t.rows) {
      const i = this.next;
      this.start[i] = t.base + start;
      this.end[i] = t.base + start + duration;
      this.lane[i] = this.laneOf(texts[worker], this.start[i], this.end[i]);
      this.label[i] = texts[label];
      this.run[i] = texts[run];
      this.state[i] = state;
      this.task[i] = task;
      this.number[i] = number;
      this.next = (i + 1) % capacity;
      this.count = Math.min(capacity, this.count + 1);
    }
    this.version++;
  }

  private text(s: string): number {
    let i = this.known.get(s);
    if (i === undefined) {
      i = this.texts.length;
      this.known.set(s, i);
      this.texts.push(s);
    }
    return i;
  }

  /** laneOf takes the lane of the worker that is free since the shortest time. */
  private laneOf(worker: number, start: number, end: number): number {
    let mine = this.byWorker.get(worker);
    if (!mine) this.byWorker.set(worker, (mine = []));
    let best = -1;
    for (const lane of mine) {
      const free = this.lanes[lane].end;
      if (free <= start + 2 && (best < 0 || free > this.lanes[best].end)) best = lane;
    }
    if (best < 0 && mine.length >= 64) best = mine[0];
    if (best < 0) {
      best = this.lanes.length;
      this.lanes.push({ worker, end: 0 });
      mine.push(best);
    }
    this.lanes[best].end = end;
    return best;
  }
}
