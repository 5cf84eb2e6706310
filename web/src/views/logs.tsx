import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { log, wordsOf } from "../api";
import { bytes } from "../format";
import { usePolling } from "../polling";
import type { Board, Failure, LogPart } from "../types";
import { Empty, Section, Trouble, Wait } from "../ui";
import { jobName, logLink, runLink } from "./lists";

/** kept is how many letters of a log the page holds: the newest. */
const kept = 400_000;

const pause = 1000; // ms between two looks

/** Logs is one log that grows, and links to the others. */
export function Logs({ board, kind, name, node }: { board?: Board; kind: string; name?: string; node?: string }) {
  return (
    <>
      <Section title={titleOf(kind, name, node)} aside={kind === "run" && name ? <a href={runLink(name)}>The run</a> : undefined}>
        <Follow key={`${kind}/${name}/${node}`} kind={kind} name={name} node={node} />
      </Section>
      {board && <Others of={board} />}
    </>
  );
}

function titleOf(kind: string, name?: string, node?: string): string {
  if (kind === "launcher") return "Log of the launcher";
  return kind === "job" ? `Log of job ${name}` : `What ${node ? `${node} of ` : ""}run ${name} printed`;
}

const hints: Record<string, string> = {
  launcher: "A launcher that was started without --detach writes to its terminal.",
  job: "A job has a log once it has started, and elsewhere if log_directory says so. This page keeps looking.",
  run: "There is one once a task of the run has printed something. This page keeps looking.",
};

function Follow({ kind, name, node }: { kind: string; name?: string; node?: string }) {
  const [text, setText] = useState<string>();
  const [part, setPart] = useState<LogPart>();
  const [trouble, setTrouble] = useState<Failure>();
  const [follow, setFollow] = useState(true);
  const place = useRef<HTMLPreElement>(null);
  const fill = (p: LogPart, all: boolean) => {
    setPart(p);
    setTrouble(undefined);
    setText((t) => (all ? p.text : ((t ?? "") + p.text).slice(-kept)));
  };
  const next = useRef<number | undefined>(undefined);
  usePolling(async (signal) => {
    try {
      const from = next.current;
      const p = await log({ kind, name, node, offset: from });
      if (!signal.aborted && (from === undefined || p.text || p.start < from)) fill(p, from === undefined || p.start < from);
      next.current = p.next;
      return pause;
    } catch (e) {
      if (!signal.aborted) setTrouble(wordsOf(e));
      return 5 * pause;
    }
  });
  useLayoutEffect(() => {
    if (follow && place.current) place.current.scrollTop = place.current.scrollHeight;
  }, [text, follow]);
  if (trouble && text === undefined) return <Trouble of={{ ...trouble, hint: trouble.hint ?? hints[kind] }} />;
  if (text === undefined) return <Wait height={420} />;
  return (
    <>
      <div class="tools">
        <label><input type="checkbox" checked={follow} onChange={(e) => setFollow(e.currentTarget.checked)} /> follow</label>
        {part && <span class="faint">{bytes(part.size)}</span>}
        {trouble && <span class="bad">{trouble.error}</span>}
      </div>
      {text
        ? <pre class="log" ref={place} tabIndex={0} onWheel={(e) => e.deltaY < 0 && setFollow(false)}>{text}</pre>
        : <Empty>Nothing was printed so far. This page keeps looking.</Empty>}
    </>
  );
}

function Others({ of: b }: { of: Board }) {
  const jobs = Object.values(b.jobs).filter((j) => j.phase !== "queued").slice(0, 30);
  const runs = Object.values(b.runs).sort((x, y) => (y.submitted ?? "").localeCompare(x.submitted ?? "")).slice(0, 12);
  return (
    <Section title="Other logs">
      <p class="links">
        <a href="#/logs/launcher">launcher</a>
        {runs.map((r) => <a key={r.run} href={logLink("run", r.run)}>run {r.label || r.run}</a>)}
        {jobs.map((j) => <a key={jobName(j)} href={logLink("job", jobName(j))}>job {jobName(j)}</a>)}
      </p>
    </Section>
  );
}
