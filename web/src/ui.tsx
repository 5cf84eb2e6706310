import type { ComponentChildren } from "preact";
import { ago, count, moment } from "./format";
import type { Failure, Reason } from "./types";

// A state is a colour, a sign and a word, so that no one of them has to be seen.
const looks: Record<string, [tone: string, sign: string]> = {
  running: ["running", "▶"], active: ["running", "▶"], starting: ["running", "▷"], filling: ["running", "▷"],
  // It is executed, or waits for a slot.
  "in flight": ["flight", "▷"],
  succeeded: ["succeeded", "✓"], done: ["succeeded", "✓"], completed: ["succeeded", "✓"], ended: ["succeeded", "✓"],
  failed: ["failed", "✕"], stopped: ["failed", "■"], held: ["failed", "■"],
  lost: ["lost", "↻"], retried: ["lost", "↻"], leaving: ["lost", "↓"], ending: ["lost", "↓"], excluded: ["lost", "−"],
  paused: ["paused", "‖"],
  waiting: ["waiting", "○"], ready: ["waiting", "●"], queued: ["waiting", "○"], skipped: ["waiting", "−"], cancelled: ["waiting", "⊘"],
};

export const toneOf = (state: string) => looks[state]?.[0] ?? "waiting";
export const signOf = (state: string) => looks[state]?.[1] ?? "○";

export function State({ of, words }: { of: string; words?: string }) {
  return (
    <span class={`state ${toneOf(of)}`}>
      <span class="sign" aria-hidden="true">{signOf(of)}</span>
      {words ?? of}
    </span>
  );
}

/** Time is relative; the absolute one, in the reader's zone, is its tooltip. */
export function Time({ at, long }: { at?: string; long?: boolean }) {
  if (!at) return <span class="none">–</span>;
  return (
    <time dateTime={at} title={moment(at)}>
      {ago(at)}
      {long && <span class="faint"> · {moment(at)}</span>}
    </time>
  );
}

/** Share is a bar of parts with a state each. */
export function Share({ parts, total, label }: { parts: [state: string, n: number][]; total: number; label: string }) {
  const words = parts.filter(([, n]) => n > 0).map(([s, n]) => `${count(n)} ${s}`).join(", ") || "none yet";
  return (
    <span class="share" role="img" aria-label={`${label}: ${words}`} title={words}>
      {parts.map(([state, n]) => (
        <span class={toneOf(state)} style={{ width: `${total > 0 ? (100 * n) / total : 0}%` }} />
      ))}
    </span>
  );
}

export function Command({ text }: { text: string }) {
  return <code class="command">{text}</code>;
}

export function Empty({ children }: { children: ComponentChildren }) {
  return <p class="empty">{children}</p>;
}

/** Trouble is an error in words, with what to do. */
export function Trouble({ of }: { of: Failure }) {
  return (
    <div class="trouble" role="alert">
      <p>{of.error}</p>
      {of.hint && <p class="faint">{of.hint}</p>}
    </div>
  );
}

/** Blame is why something failed, in full. */
export function Blame({ of }: { of: Reason }) {
  return (
    <div class="trouble" role="alert">
      <p>{of.node && <b>{of.node}: </b>}<span class="lines">{of.message || of.type || of.cause}</span></p>
      {of.advice && <p class="faint">{of.advice}</p>}
      {of.traceback && <details><summary>Traceback</summary><pre class="log short" tabIndex={0}>{of.traceback}</pre></details>}
    </div>
  );
}

/** Wait keeps the place of what is not there yet. */
export function Wait({ height = 200 }: { height?: number }) {
  return <div class="wait" style={{ height: `${height}px` }} aria-busy="true" aria-label="loading" />;
}

export function Tile({ title, value, more, href }: { title: string; value: ComponentChildren; more?: ComponentChildren; href?: string }) {
  const body = (
    <>
      <span class="tile-title">{title}</span>
      <span class="tile-value">{value}</span>
      <span class="tile-more" title={typeof more === "string" ? more : undefined}>{more}</span>
    </>
  );
  return href ? <a class="tile" href={href}>{body}</a> : <div class="tile">{body}</div>;
}

export function Section({ title, aside, children }: { title: ComponentChildren; aside?: ComponentChildren; children: ComponentChildren }) {
  return (
    <section>
      <header class="section-head">
        <h2>{title}</h2>
        {aside}
      </header>
      {children}
    </section>
  );
}
