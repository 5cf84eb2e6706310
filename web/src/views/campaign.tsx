import { count, plural, rate, span } from "../format";
import { gist } from "../gist";
import type { Live } from "../live";
import { Order } from "../orders";
import { Table, useRows, type Column } from "../table";
import type { CampaignBoard, Row } from "../types";
import { Empty, Section, State, Tile, Time, Trouble, Wait } from "../ui";
import { rowLink, Rows } from "./lists";

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
        <Tile title="In flight" value={count(c.running)} more={`and ${count(c.waiting)} for later`} />
        <Tile title="Rows a second" value={c.rate ? rate(c.rate) : "–"} more="lately" />
        <Tile title="Left" value={c.left ? span(c.left) : "–"} more="at this rate" />
        <Tile title="Not executed" value={count(c.skipped + c.cancelled)} more={`${count(c.skipped)} skipped, ${count(c.cancelled)} cancelled`} />
      </div>
      <Reasons of={c} />
      <Section title="Rows in flight or failed">
        <Table label="Rows" noun="row" rows={useRows(c.rows)} columns={columnsOf(c.campaign)} keyOf={(r) => String(r.row)} sort={[1, false]} phoneHeight={104}
          text={(r) => `${r.row} ${r.state} ${r.parameters} ${r.message}`} empty="None is in flight, and none has failed." />
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
        : <ul class="reasons">{reasons.map((r) => <li key={r.text}>
            <b class="number">{count(r.rows)}</b>
            <span><b>{r.text}</b>{r.message && <span class="why" title={r.message}> {gist(r.message)}</span>} <a class="example" href={rowLink(c.campaign, r.example)}>row {r.example}</a></span>
          </li>)}</ul>}
    </Section>
  );
}

// Rows that the cluster has are executed, or wait for a slot: their pages tell which.
const stateOf = (r: Row) => (r.state === "running" ? "in flight" : r.state);

const columnsOf = (campaign: string): Column<Row>[] => [
  { title: "Row", width: "6rem", by: (r) => r.row, cell: (r) => <a href={rowLink(campaign, r.row)}>row {r.row}</a> },
  { title: "State", width: "7.5rem", bare: true, by: stateOf, cell: (r) => <State of={stateOf(r)} /> },
  { title: "Parameters", width: "minmax(10rem, 2fr)", bare: true, by: (r) => r.parameters ?? "", cell: (r) => <span title={r.parameters}>{r.parameters}</span> },
  { title: "Error", width: "minmax(10rem, 3fr)", bare: true, cell: (r) => <span class="why" title={r.message}>{gist(r.message)}</span> },
];
