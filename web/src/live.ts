import { merge } from "./merge";
import { TaskStore } from "./tasks";
import type { Board, CampaignBoard, Failure, Pulse, RunBoard, Tasks } from "./types";

/** Live is what the page knows and how fresh that is. */
export interface Live {
  board?: Board;
  pulse?: Pulse;
  tasks?: TaskStore;
  run?: RunBoard;
  campaign?: CampaignBoard;
  /** gone tells, by topic, why there is nothing to see. */
  gone: Record<string, Failure>;
  connected: boolean;
  /** since is when the connection was lost or, at first, tried: ms since 1970. */
  since: number;
}

/** Stream follows the launcher while somebody can see the page, and costs nothing while nobody can. */
export class Stream {
  readonly live: Live = { gone: {}, connected: false, since: Date.now() };
  private source?: EventSource;
  private topics: string[] = [];
  private again?: number;

  constructor(private changed: () => void, private locked: () => void) {
    document.addEventListener("visibilitychange", () => (document.hidden ? this.close() : this.open()));
  }

  /** watch follows these topics from now on. */
  watch(topics: string[]): void {
    if (topics.join() === this.topics.join()) return;
    this.topics = topics;
    this.live.run = this.live.campaign = undefined;
    this.live.gone = {};
    if (!topics.includes("tasks")) this.live.tasks = undefined;
    if (!document.hidden) this.open();
  }

  private close(): void {
    clearTimeout(this.again);
    this.source?.close();
    this.source = undefined;
  }

  private open(): void {
    this.close();
    const source = new EventSource("/api/events?topics=" + this.topics.map(encodeURIComponent).join());
    this.source = source;
    source.onopen = () => this.connection(true);
    source.onerror = () => {
      this.connection(false);
      if (source.readyState === EventSource.CLOSED) this.retry();
    };
    for (const kind of ["snapshot", "patch", "append", "gone"]) {
      source.addEventListener(kind, (e) => this.receive(kind, JSON.parse((e as MessageEvent<string>).data)));
    }
  }

  /** retry asks why the stream was refused: the launcher may have been started anew, with another token. */
  private retry(): void {
    this.again = window.setTimeout(async () => {
      const status = await fetch("/api/session").then((r) => r.status, () => 0);
      if (status === 401) this.locked();
      else if (!document.hidden) this.open();
    }, 2000);
  }

  private connection(connected: boolean): void {
    if (this.live.connected === connected) return;
    this.live.connected = connected;
    this.live.since = Date.now();
    this.changed();
  }

  private receive(kind: string, e: { topic: string; data: unknown }): void {
    const field = e.topic.split(":")[0];
    if (kind === "gone") this.live.gone[e.topic] = e.data as Failure;
    else if (field === "tasks") this.tasks(kind, e.data as Tasks);
    else this.document(field, kind, e.data);
    this.changed();
  }

  private tasks(kind: string, data: Tasks): void {
    if (kind === "snapshot" || !this.live.tasks) this.live.tasks = new TaskStore();
    this.live.tasks.append(data);
  }

  private document(field: string, kind: string, data: unknown): void {
    const name = ({ overview: "board", activity: "pulse", run: "run", campaign: "campaign" } as const)[field];
    if (name) Object.assign(this.live, { [name]: kind === "snapshot" ? data : merge(this.live[name], data) });
  }
}
