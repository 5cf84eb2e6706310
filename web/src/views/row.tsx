import { useState } from "preact/hooks";
import { get, wordsOf } from "../api";
import { bytes, plural, span } from "../format";
import { usePolling } from "../polling";
import type { Failure, RowAttempt, RowDetail, Step, Value } from "../types";
import { Blame, Empty, Section, State, Time, Trouble, Wait } from "../ui";
import { campaignLink, logLink, rowLink } from "./lists";

const over = ["done", "failed", "skipped", "cancelled"];

/** Row is one row of a campaign: its parameters, and each attempt at it with why it failed and what it printed. */
export function Row({ campaign, row }: { campaign: string; row: string }) {
  const [r, setRow] = useState<RowDetail>();
  const [trouble, setTrouble] = useState<Failure>();
  usePolling(async (signal) => {
    try {
      const got = await get<RowDetail>(`/api/campaigns/${encodeURIComponent(campaign)}/rows/${encodeURIComponent(row)}`);
      if (signal.aborted) return undefined;
      setRow(got);
      setTrouble(undefined);
      return over.includes(got.state) ? 10_000 : 2_000; // somebody may try it again
    } catch (e) {
      setTrouble(wordsOf(e));
      return 5_000;
    }
  });
  if (trouble && !r) return <Trouble of={trouble} />;
  if (!r) return <Wait height={600} />;
  return (
    <>
      <Head of={r} />
      <Section title="Parameters"><Values of={r.parameters} empty="This row has no parameters." /></Section>
      {!!r.outputs?.length && <Section title="Outputs"><Values of={r.outputs} empty="" /></Section>}
      {r.attempts.length === 0 && <Section title="Attempts"><Empty>This row has not been tried yet.</Empty></Section>}
      {[...r.attempts].reverse().map((a) => <Attempt key={a.number} of={a} />)}
      {r.left_out > 0 && <p class="more">{plural(r.left_out, "older attempt")} not shown.</p>}
    </>
  );
}

function Head({ of: r }: { of: RowDetail }) {
  return (
    <section class="page-head">
      <div class="title">
        <h1>Row {r.row}</h1>
        <State of={stateOf(r.attempts.at(-1)) ?? r.state} />
        <div class="buttons">
          {r.row > 0 && <a class="button" href={rowLink(r.campaign, r.row - 1)}>‹ Row {r.row - 1}</a>}
          {r.more && <a class="button" href={rowLink(r.campaign, r.row + 1)}>Row {r.row + 1} ›</a>}
        </div>
      </div>
      <p class="faint">of campaign <a href={campaignLink(r.campaign)}>{r.campaign}</a>, {plural(r.attempts.length + r.left_out, "attempt")}</p>
    </section>
  );
}

function Values({ of: values, empty }: { of: Value[]; empty: string }) {
  if (!values.length) return <Empty>{empty}</Empty>;
  return <dl class="card values">{values.map((v) => <div key={v.name}><dt>{v.name}</dt><dd>{v.value}</dd></div>)}</dl>;
}

function Attempt({ of: a }: { of: RowAttempt }) {
  const took = a.started && a.ended ? (Date.parse(a.ended) - Date.parse(a.started)) / 1000 : undefined;
  const failed = a.failure && (a.failure.message || a.failure.type || a.failure.cause);
  return (
    <Section title={<>Attempt {a.number}</>} aside={<State of={stateOf(a) ?? a.state} words={a.queued ? "waits for a worker" : undefined} />}>
      <p class="facts">
        {a.host && <span>on <b>{a.host}</b></span>}
        {a.job && <span>job <a href={logLink("job", a.job)}>{a.job}</a></span>}
        {a.worker && <span class="faint">worker <code>{a.worker}</code></span>}
        {a.started && <span>{a.state === "running" ? "given to the cluster" : "started"} <Time at={a.started} long /></span>}
        {took !== undefined && <span>took <b>{span(took)}</b></span>}
        {!!a.peak_memory && <span>{bytes(a.peak_memory)} of memory</span>}
      </p>
      {failed && <Blame of={a.failure!} />}
      {!!a.steps?.length && <Steps of={a.steps} />}
      <Prints of={a} />
    </Section>
  );
}

/** stateOf tells of an attempt that has not ended whether it is executed. */
function stateOf(a?: RowAttempt): string | undefined {
  if (a?.state !== "running") return undefined;
  return a.queued ? "ready" : "running";
}

/** most bars; a row of thousands of tasks is not looked at one by one. */
const most = 200;

/** Steps are bars over the time of the attempt. */
function Steps({ of: steps }: { of: Step[] }) {
  const total = Math.max(...steps.map((s) => s.after + s.seconds), 0.001);
  return (
    <>
      <h3 class="part">Steps</h3>
      <ul class="card steps">
        {steps.slice(0, most).map((s, i) => (
          <li key={i}>
            <span class="step-name" title={s.node}>{s.node}</span>
            <span class="step-time number">{span(s.seconds)}</span>
            <span class="track"><span class={s.failed ? "failed" : "succeeded"} style={{ left: `${(100 * s.after) / total}%`, width: `${(100 * s.seconds) / total}%` }} /></span>
            <span class="sign-of">{s.failed && <State of="failed" words="" />}</span>
          </li>
        ))}
        {steps.length > most && <li class="faint">and {plural(steps.length - most, "more step")}</li>}
      </ul>
    </>
  );
}

function Prints({ of: a }: { of: RowAttempt }) {
  const parts = (a.printed ?? []).flatMap((p) => [
    { node: p.node, stream: "", text: p.stdout },
    { node: p.node, stream: "standard error", text: p.stderr },
  ]).filter((p) => p.text);
  if (!parts.length) return <p class="faint part">{a.ended ? "It printed nothing." : "What it prints can be read here when it has ended."}</p>;
  return (
    <>
      <h3 class="part">What it printed</h3>
      {parts.map((p, i) => (
        <figure key={i}>
          <figcaption class="faint">{[p.node, p.stream].filter(Boolean).join(", ")}</figcaption>
          <pre class="log short" tabIndex={0}>{p.text}</pre>
        </figure>
      ))}
    </>
  );
}
