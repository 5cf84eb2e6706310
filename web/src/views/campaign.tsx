import { count, plural, rate, span } from "../format";
import type { Live } from "../live";
import { Order } from "../orders";
import { Table, useRows, type Column } from "../table";
import type { CampaignBoard, Row } from "../types";
import { Empty, Section, State, Tile, Time, Trouble, Wait } from "../ui";
import { Rows, runLink } from "./lists";

/** Campaign is one campaign: how far it is, why rows failed, and what can be done. */
export function Campaign({ live, name }: { live: Live; name: string }) {
  const c = live.campaign;
  const gone = live.gone["campaign:" + name];
  if (gone) return <Trouble of={gone} />;
  if (!c || c.campaign !== name) return <Wait height={600} />;
  return (
    <>
      <Head of={c} />
      <div class="tiles">
        <Tile title="Done" value={count(c.done)} more={`of ${plural(c.total, "row")}`} />
        <Tile title="Failed" value={count(c.failed)} more={plural(c.reasons?.length ?? 0, "reason")} />
        <Tile title="Running" value={count(c.running)} more={`${count(c.waiting)} wait`} />
        <Tile title="Rows a second" value={c.rate ? rate(c.rate) : "–"} more="lately" />
        <Tile title="Left" value={c.left ? span(c.left) : "–"} more="at this rate" />
        <Tile title="Not executed" value={count(c.skipped + c.cancelled)} more={`${count(c.skipped)} skipped, ${count(c.cancelled)} cancelled`} />
      </div>
      <Reasons of={c} />
      <Section title="Rows that run or failed">
        <Table label="Rows" noun="row" rows={useRows(c.rows)} columns={columns} keyOf={(r) => String(r.row)} sort={[1, false]} phoneHeight={84}
          text={(r) => `${r.row} ${r.state} ${r.parameters} ${r.message}`} empty="None runs, and none has failed." />
      </Section>
    </>
  );
}

function Head({ of: c }: { of: CampaignBoard }) {
  const on = c.phase !== "ended";
  return (
    <section class="page-head">
      <div class="title">
        <h1>{c.campaign}</h1>
        <State of={c.phase} />
        <div class="buttons">
          {on && (c.phase === "paused" ? <Order verb="resume" kind="campaign" name={c.campaign} words="Resume" /> : <Order verb="pause" kind="campaign" name={c.campaign} words="Pause" />)}
          {c.failed > 0 && <Order verb="retry" kind="campaign" name={c.campaign} words="Retry failed rows" question={`Execute ${plural(c.failed, "failed row")} again?`} />}
          {on && <Order verb="cancel" kind="campaign" name={c.campaign} words="Cancel the campaign" question={`Cancel ${c.campaign}? ${plural(c.waiting + c.running, "row")} will not be executed.`} />}
        </div>
      </div>
      <p class="faint">{c.workflow && <>workflow <code>{c.workflow}</code>, </>}{c.user && `by ${c.user}, `}submitted <Time at={c.submitted} long />{c.ended && <>, ended <Time at={c.ended} /></>}</p>
      <p class="wide-share"><Rows of={c} /></p>
    </section>
  );
}

function Reasons({ of: c }: { of: CampaignBoard }) {
  const reasons = c.reasons ?? [];
  return (
    <Section title="Why rows failed">
      {reasons.length === 0
        ? <Empty>No row has failed.</Empty>
        : <ul class="reasons">{reasons.map((r) => <li key={r.text}><b class="number">{count(r.rows)}</b><span class="lines">{r.text}</span></li>)}</ul>}
    </Section>
  );
}

const columns: Column<Row>[] = [
  { title: "Row", width: "6rem", by: (r) => r.row, cell: (r) => (r.run ? <a href={runLink(r.run)}>row {r.row}</a> : `row ${r.row}`) },
  { title: "State", width: "7.5rem", bare: true, by: (r) => r.state, cell: (r) => <State of={r.state} /> },
  { title: "Parameters", width: "minmax(10rem, 2fr)", bare: true, by: (r) => r.parameters ?? "", cell: (r) => <span title={r.parameters}>{r.parameters}</span> },
  { title: "Error", width: "minmax(10rem, 3fr)", bare: true, from: 760, cell: (r) => <span class="why" title={r.message}>{r.message?.split("\n")[0]}</span> },
];
