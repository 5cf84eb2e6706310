import type { Failure, LogPart, Session } from "./types";

/** Refused is an answer that is an error, in the words of the launcher. */
export class Refused extends Error {
  constructor(readonly status: number, readonly failure: Failure) {
    super(failure.error);
  }
}

export async function get<T>(path: string, parameters: Record<string, string | number | undefined> = {}): Promise<T> {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) if (value !== undefined) query.set(name, String(value));
  return answer<T>(await fetch(path + (query.size ? "?" + query : "")));
}

export const session = () => get<Session>("/api/session");

export const log = (parameters: Record<string, string | number | undefined>) => get<LogPart>("/api/log", parameters);

/** order carries out what a person asked for. */
export async function order(token: string, verb: string, kind: string, name?: string): Promise<{ changed: boolean; rows?: number }> {
  return answer(
    await fetch("/api/orders", {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-Order-Token": token },
      body: JSON.stringify({ verb, kind, name }),
    }),
  );
}

async function answer<T>(reply: Response): Promise<T> {
  if (reply.ok) return reply.json() as Promise<T>;
  const failure = await reply.json().catch(() => ({ error: `the launcher answered ${reply.status}` }));
  throw new Refused(reply.status, failure as Failure);
}

/** wordsOf says what went wrong. */
export function wordsOf(e: unknown): Failure {
  if (e instanceof Refused) return e.failure;
  return { error: "The launcher does not answer.", hint: "Is it up? ewoks-hpc status shows it. Is the ssh tunnel open?" };
}
