// What the launcher sends; docs/dashboard.md and dashboard/schema say the same.

export interface Worker {
  worker: string; pool?: string; job?: string; host: string; pid: number;
  slots: number; holding: number; busy: number; cores?: number; memory?: number; gpus?: number;
  succeeded: number; failed: number; since?: string; seen?: string; ends_at?: string; leaving?: boolean;
}

export interface Job {
  pool: string; id: string; index: number; phase: string; slurm_state?: string;
  reason?: string; nodes?: string; start?: string; failed?: boolean;
}

export interface Pool {
  pool: string; jobs: number; min_jobs: number; max_jobs: number; adapts: boolean; size: string;
  demand: number; slots_per_job: number;
  stopped?: { since: string; reason: string; hint: string; log?: string };
  excluded?: { node: string; until: string; reason: string }[];
}

export interface Counts {
  nodes: number; started: number; succeeded: number; failed: number; lost: number; retried: number;
}

export interface Run {
  run: string; label?: string; user?: string; status: string; counts: Counts;
  submitted?: string; ended?: string; node?: string; message?: string; paused?: boolean;
}

export interface Campaign {
  campaign: string; user?: string; phase: string;
  waiting: number; running: number; done: number; failed: number; skipped: number; cancelled: number;
  rate?: number; left?: number; reasons?: { rows: number; text: string; example: number; message?: string }[];
  priority?: number; submitted?: string; ended?: string;
}

export interface Board {
  cluster: string; address: string; version: string; started?: string;
  workers: Record<string, Worker>; jobs: Record<string, Job>; pools: Record<string, Pool>;
  runs: Record<string, Run>; campaigns: Record<string, Campaign>;
  ready: number; leased: number; delayed: number; paused: boolean;
  totals: { succeeded: number; failed: number; retried: number; lost: number };
  causes: Record<string, number>; notices: string[]; left_out: Record<string, number>;
}

export interface Failed {
  run: string; campaign?: string; row?: number; label: string; host?: string; number: number; status: string;
  cause?: string; message?: string; advice?: string; ended?: string;
}

export interface Second { succeeded?: number; failed?: number; lost?: number }

export interface Pulse {
  seconds: Record<string, Second>;
  failures: Record<string, Failed>;
}

export interface Node {
  id: string; label?: string; identifier?: string;
  waiting?: number; ready?: number; running?: number; succeeded?: number; failed?: number; skipped?: number;
  lost?: number; retried?: number; mean?: number; longest?: number; message?: string;
}

export interface Link {
  source: number; target: number; label?: string; on_error?: boolean; conditional?: boolean;
}

export interface RunBoard extends Run {
  campaign?: string; row?: number; nodes: Record<string, Node>; links: Link[];
  advice?: string; traceback?: string; left_out: number;
}

export interface Row { row: number; state: string; run?: string; parameters?: string; message?: string }

export interface CampaignBoard extends Campaign { workflow?: string; total: number; rows: Record<string, Row> }

export interface Tasks { newest: number; base: number; texts: string[]; rows: number[][] }

export interface Attempt {
  position: number; run: string; task: number; number: number; node?: string; label?: string; worker?: string; host?: string;
  started?: string; ended?: string; status: string; peak_memory?: number;
  failure?: Reason;
}

/** Reason is why an attempt did not succeed; node is the one that failed if a whole run was one task. */
export interface Reason { cause?: string; type?: string; message?: string; traceback?: string; advice?: string; node?: string }

export interface Value { name: string; value: string }

export interface Step { node: string; after: number; seconds: number; failed?: boolean }

export interface RowAttempt {
  number: number; state: string; queued?: boolean; run?: string; worker?: string; host?: string; job?: string; started?: string; ended?: string; peak_memory?: number;
  failure?: Reason; steps?: Step[]; printed?: { node?: string; stdout?: string; stderr?: string }[];
}

export interface RowDetail {
  campaign: string; row: number; state: string; parameters: Value[]; outputs?: Value[]; attempts: RowAttempt[]; left_out: number; more?: boolean;
}

export interface Session {
  orders: boolean; order_token?: string; read_token?: string;
  attempts: boolean; runs: boolean; campaigns: boolean; rows: boolean; logs: boolean;
}

export interface LogPart { text: string; start: number; next: number; size: number }

export interface Failure { error: string; hint?: string }
