// What docs/reports.md describes.
export interface Tally { succeeded: number; failed: number; lost: number; skipped?: number }
export interface Bin { from: number; to: number; count: number }
export interface Durations {
  count: number; sum: number; min: number; p50: number; p90: number; p99: number; max: number; histogram: Bin[];
}
export interface Attempt {
  run: string; row?: number; task: number; number: number; node?: string; worker?: string; host?: string;
  started?: string; seconds: number; status: string;
}
export interface Failure {
  status: string; cause?: string; type?: string; task?: string; count: number; nodes?: { node: string; count: number }[]; more_nodes?: number; first?: string; last?: string;
  message?: string; traceback?: string; advice?: string; output?: string; examples: Attempt[];
  hosts?: { host: string; count: number }[];
}
export interface NodeFigures extends Tally {
  id: string; label?: string; identifier?: string; retries?: number; core_hours: number; peak_memory?: number; durations: Durations;
}
export interface Lane { worker: string; slot: number; host?: string; pool?: string; job?: string }
export interface Bar {
  lane: number; start: number; seconds: number; status: string; node?: string; row?: number; task: number;
  number?: number; count?: number; busy_seconds?: number; first?: number; last?: number;
}
export interface Row extends Tally { row: number; busy_seconds: number; seconds: number; started?: string; attempts: number }
export interface Host extends Tally { host: string; busy_seconds: number }
export interface Report {
  version: number; made: string; program?: string;
  about: {
    kind: string; name: string; cluster?: string; label?: string; user?: string; submitted?: string; ended?: string; status?: string;
    node?: string; message?: string; counts?: Record<string, number>; reasons?: { rows: number; text: string }[];
    definition?: unknown; provenance?: unknown;
  };
  totals: Tally & {
    attempts: number; retries: number; workers: number; hosts: number; jobs: number; started?: string; ended?: string;
    seconds: number; busy_seconds: number; peak_memory?: number;
  };
  core_hours: { asked: number; asked_known: boolean; succeeded: number; failed: number; lost: number };
  nodes: NodeFigures[]; more_nodes?: number;
  timeline: { begin?: string; step_seconds: number; lanes: Lane[]; more_lanes?: number; bars: Bar[] };
  usage: { begin?: string; step_seconds: number; cores_used: number[]; cores_asked?: number[]; ended: number[]; failed: number[] };
  waiting: { first_task: number; first_task_known: boolean; jobs: Durations; queued: number };
  slowest: Attempt[]; slowest_rows: Row[];
  failures: Failure[]; more_failures?: number;
  hosts: Host[]; more_hosts?: number;
  missing?: number; unreadable?: number;
}
export interface Drawing { svg?: string; reason?: string; nodes?: string[] }

// Characters that turn the direction of what follows could make a text lie about
// what stands beside it.
const turning = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

export function embedded<T>(id: string): T {
  return JSON.parse(document.getElementById(id)!.textContent!.replace(turning, "\ufffd")) as T;
}
