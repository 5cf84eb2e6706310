// The nodes of the workflow: its drawing, and how long each took.
import { axis, chart, tip, tooltip } from "./charts";
import { Drawing, Durations, NodeFigures, Report } from "./data";
import { h, section, table } from "./dom";
import { amount, bytes, count, duration, percent, plural } from "./format";
import { state } from "./states";

// What the picture of a workflow consists of; anything else is left out.
const allowed = new Set(["svg", "g", "rect", "text", "path", "title", "defs", "marker"]);

function picture(d: Drawing, nodes: Map<string, NodeFigures>): Element | null {
  const parsed = new DOMParser().parseFromString(d.svg!, "image/svg+xml").documentElement;
  if (parsed.tagName !== "svg") return null;
  for (const e of parsed.querySelectorAll("*")) if (!allowed.has(e.tagName)) e.remove();
  const boxes = [...parsed.querySelectorAll("rect.box")];
  boxes.forEach((box, i) => {
    const n = nodes.get(d.nodes?.[i] ?? "");
    const status = !n ? "waiting" : n.failed > 0 ? "failed" : n.lost > 0 ? "lost" : "succeeded";
    box.classList.add(status);
    (box as SVGElement).style.stroke = state(status).color;
  });
  const shown = document.importNode(parsed, true) as unknown as SVGElement;
  // It shrinks as long as it can be read.
  shown.style.minWidth = `${0.7 * Number(parsed.getAttribute("width"))}px`;
  return shown;
}

export function drawing(r: Report, d: Drawing): HTMLElement {
  const drawn = d.svg ? picture(d, new Map(r.nodes.map((n) => [n.id, n]))) : null;
  if (!drawn) return section("Workflow", "", h("p", { class: "empty" }, d.reason ?? "There is no picture."));
  return section("Workflow", "The border of a node is dashed where attempts failed or were lost.",
    h("div", { class: "drawing", tabindex: "0", role: "region", "aria-label": "Picture of the workflow" }, drawn));
}

// bins draws a histogram of durations.
export function bins(label: string, d: Durations, height: number, color: string, what: string): HTMLElement {
  return chart(label, height, (c) => ({
    animation: false,
    grid: { left: 56, right: 16, top: 24, bottom: 44 },
    tooltip: {
      ...tooltip(c), trigger: "axis", axisPointer: { type: "shadow" },
      formatter: (p: { dataIndex: number }[]) => {
        const b = d.histogram[p[0].dataIndex];
        return tip(plural(b.count, what), `${duration(b.from)} to ${duration(b.to)}`, percent(b.count, d.count));
      },
    },
    xAxis: { type: "category", data: d.histogram.map((b) => duration(b.from)), ...axis(c), splitLine: { show: false } },
    yAxis: { type: "value", name: what + "s", minInterval: 1, ...axis(c) },
    series: [{ type: "bar", barCategoryGap: "4%", data: d.histogram.map((b) => b.count), itemStyle: { color } }],
  }));
}

export function durations(r: Report): HTMLElement {
  if (r.nodes.length === 0) {
    return section("Durations per node", "", h("p", { class: "empty" }, "No node has been executed."));
  }
  const place = h("div", {});
  const withData = r.nodes.filter((n) => n.durations.count > 0);
  const choice = h("select", { id: "node" }, ...withData.map((n) => h("option", { value: n.id }, n.label || n.id))) as HTMLSelectElement;
  const show = (n: NodeFigures) => place.replaceChildren(bins(`Durations of ${n.label || n.id}`, n.durations, 220, state("succeeded").color, "task"));
  choice.addEventListener("change", () => show(withData[choice.selectedIndex]));
  if (withData.length > 0) {
    const most = withData.reduce((a, b) => (b.core_hours > a.core_hours ? b : a));
    choice.selectedIndex = withData.indexOf(most);
    show(most);
  }
  const took = (f: (d: Durations) => number) => (n: NodeFigures) => (n.durations.count > 0 ? duration(f(n.durations)) : "–");
  return section("Durations per node", "Of what succeeded. Quantiles are right to one in a hundred.",
    table(r.nodes, [
      { title: "node", cell: (n) => h("span", {}, n.label || n.id, n.label && n.label !== n.id ? h("small", {}, ` ${n.id}`) : null) },
      { title: "✓ done", number: true, cell: (n) => count(n.succeeded) },
      { title: "✗ failed", number: true, cell: (n) => trouble(n.failed, "failed") },
      { title: "! lost", number: true, wide: true, cell: (n) => trouble(n.lost, "lost") },
      { title: "median", number: true, cell: took((d) => d.p50) },
      { title: "90 %", number: true, wide: true, cell: took((d) => d.p90) },
      { title: "99 %", number: true, wide: true, cell: took((d) => d.p99) },
      { title: "longest", number: true, cell: took((d) => d.max) },
      { title: "core-hours", number: true, wide: true, cell: (n) => amount(n.core_hours) },
      { title: "peak memory", number: true, wide: true, cell: (n) => (n.peak_memory ? bytes(n.peak_memory) : "–") },
    ], "Durations per node"),
    r.more_nodes ? h("p", { class: "note" }, `${plural(r.more_nodes, "node")} with less work not shown.`) : null,
    withData.length > 0 && h("label", { class: "choice", for: "node" }, "histogram of ", choice), place);
}

export function trouble(n: number, status: string): HTMLElement | string {
  return n > 0 ? h("span", { class: `state ${status}` }, count(n)) : "0";
}
