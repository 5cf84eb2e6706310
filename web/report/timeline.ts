// The timeline and the cores over time: two charts over the same span that zoom
// together.
import { axis, chart, Colors, tip, tooltip, zoomSlider } from "./charts";
import { Bar, Lane, Report } from "./data";
import { h, section } from "./dom";
import { amount, count, duration, moment, plural } from "./format";
import { state } from "./states";

const together = "time";
const animation = false;

// TimeAxis is what the charts over time share. What takes seconds only is shown
// from its start on: clock times would be the same at every mark.
interface TimeAxis { max: number; of: (ms: number) => number; text: (x: number) => string; axis: (c: Colors) => object }

function timeAxis(r: Report): TimeAxis {
  const from = Date.parse(r.totals.started ?? r.made);
  const span = Math.max(r.totals.seconds * 1000, 1e-3);
  const short = span < 20_000;
  const shift = short ? from : 0;
  const [min, max] = [from - shift, from - shift + span];
  return {
    max,
    of: (ms) => Math.min(Math.max(ms - shift, min), max),
    text: (x) => (short ? `${duration(x / 1000)} after the start` : moment(x)),
    axis: (c) => {
      const a = axis(c);
      const labels = short ? { formatter: (x: number) => duration(x / 1000) } : {};
      return { type: short ? "value" : "time", min, max, ...a, axisLabel: { ...a.axisLabel, showMaxLabel: false, ...labels } };
    },
  };
}

// startOf is when a bar begins, in ms. Dates have no fractions of them, bars have.
const startOf = (r: Report, b: Bar): number => Date.parse(r.timeline.begin!) + b.start * 1000;

// laneNames say where a lane is: job, or which worker of those that are shown, and
// which of the things that it does at a time.
function laneNames(lanes: Lane[]): string[] {
  const workers = [...new Set(lanes.map((l) => l.worker))];
  return lanes.map((l) => `${l.host ?? ""} ${l.job ? `job ${l.job}` : `worker ${workers.indexOf(l.worker) + 1}`} #${l.slot + 1}`.trim());
}

function describe(r: Report, b: Bar): HTMLElement {
  const lane = r.timeline.lanes[b.lane];
  const what = b.row !== undefined ? `row ${b.row}` : `task ${b.task}`;
  return tip(
    `${state(b.status).sign} ${b.status}: ${b.node ? `${b.node}, ` : ""}${what}`,
    `${duration(b.seconds)} from ${moment(startOf(r, b))}`,
    b.number !== undefined && `attempt ${b.number}`,
    `${lane.host ?? ""} worker ${lane.worker}${lane.pool ? `, pool ${lane.pool}` : ""}${lane.job ? `, job ${lane.job}` : ""}`,
    b.count !== undefined && `the longest of ${count(b.count)} that took ${duration(b.busy_seconds ?? 0)} together`,
  );
}

// Failures come last: what is drawn last is on top.
const weight = (b: Bar): number => (b.status === "succeeded" ? 0 : b.status === "skipped" ? 1 : 2);

function renderer(bars: Bar[]) {
  return (params: { dataIndex: number; coordSys: unknown }, api: any) => {
    const b = bars[params.dataIndex];
    const cs = params.coordSys as { x: number; y: number; width: number; height: number };
    const bad = weight(b) === 2;
    // Of failures the one that is known best is shown, of others all that the bar
    // stands for: as faint as there was nothing to do.
    const all = b.count !== undefined && !bad;
    const start = Number(api.value(0));
    const from = all ? start - (b.start - b.first!) * 1000 : start;
    const seconds = all ? b.last! - b.first! : b.seconds;
    const opacity = all ? 0.3 + 0.7 * Math.min(1, b.busy_seconds! / Math.max(seconds, 1e-6)) : 1;
    const [x, y] = api.coord([from, b.lane]) as number[];
    const [end] = api.coord([from + seconds * 1000, b.lane]) as number[];
    const row = (api.size([0, 1]) as number[])[1];
    const height = Math.max(1, row * (bad ? 0.96 : 0.72));
    const least = bad ? 3 : 1;
    const left = Math.max(cs.x, x);
    const right = Math.min(cs.x + cs.width, Math.max(end, x + least));
    const top = Math.max(cs.y, y - height / 2);
    const bottom = Math.min(cs.y + cs.height, y + height / 2);
    if (right <= left || bottom <= top) return undefined;
    return { type: "rect", shape: { x: left, y: top, width: right - left, height: bottom - top }, style: { fill: state(b.status).color, opacity } };
  };
}

function timelineChart(r: Report): HTMLElement {
  const lanes = r.timeline.lanes;
  const bars = [...r.timeline.bars].sort((a, b) => weight(a) - weight(b));
  const time = timeAxis(r);
  const tall = lanes.length > 80;
  const height = Math.min(620, Math.max(190, lanes.length * 18 + 110));
  const label = `Timeline of ${plural(r.totals.attempts, "attempt")} on ${plural(lanes.length, "lane")}`;
  return chart(label, height, (c, width) => ({
    animation,
    grid: { left: width < 600 ? 12 : 150, right: tall ? 44 : 16, top: 10, bottom: 84 },
    tooltip: { ...tooltip(c), formatter: (p: { dataIndex: number }) => describe(r, bars[p.dataIndex]) },
    xAxis: { ...time.axis(c), splitLine: { show: true, lineStyle: { color: c.line } } },
    yAxis: {
      type: "category", inverse: true, data: laneNames(lanes), ...axis(c), splitLine: { show: false },
      axisLabel: { color: c.faint, hideOverlap: true, width: 136, overflow: "truncate", show: width >= 600, fontSize: 11 },
    },
    dataZoom: [
      { type: "inside", xAxisIndex: 0, filterMode: "none", zoomOnMouseWheel: "ctrl", moveOnMouseMove: "shift", preventDefaultMouseMove: false },
      zoomSlider(c, { xAxisIndex: 0, filterMode: "none", bottom: 14, height: 26, showDetail: false }),
      ...(tall ? [zoomSlider(c, { yAxisIndex: 0, right: 8, width: 22, filterMode: "none", showDetail: false })] : []),
    ],
    series: [{
      type: "custom", renderItem: renderer(bars) as any, encode: { x: 0, y: 1 }, clip: true, progressive: 0,
      data: bars.map((b) => [time.of(startOf(r, b)), b.lane]),
    }],
  }), together);
}

function usageChart(r: Report): HTMLElement {
  const u = r.usage;
  const time = timeAxis(r);
  const begin = Date.parse(u.begin!);
  // A step is drawn from its begin to that of the next.
  const points = (values: number[]) => [...values, values[values.length - 1]].map((v, i) => [time.of(begin + i * u.step_seconds * 1000), v]);
  const names = ["in use", ...(u.cores_asked ? ["asked for"] : [])];
  return chart("Cores in use over time", 240, (c: Colors, width) => ({
    ...overTime(c, time, width, names, "cores", (n, name) => `${amount(n)} cores ${name}`),
    series: [
      { name: names[0], type: "line", step: "end", symbol: "none", data: points(u.cores_used), lineStyle: { width: 1, color: c.used }, itemStyle: { color: c.used }, areaStyle: { color: c.used, opacity: 0.35 } },
      ...(u.cores_asked ? [{ name: names[1], type: "line", step: "end", symbol: "none", data: points(u.cores_asked), lineStyle: { width: 1.5, type: "dashed", color: c.asked }, itemStyle: { color: c.asked } }] : []),
    ],
  }), together);
}

// overTime is what the two charts below the timeline share.
function overTime(c: Colors, time: TimeAxis, width: number, names: string[], unit: string, text: (n: number, name: string) => string) {
  return {
    animation,
    legend: { top: 0, textStyle: { color: c.text }, itemWidth: 16, data: names },
    grid: { left: width < 600 ? 44 : 150, right: 16, top: 40, bottom: 30 },
    tooltip: {
      ...tooltip(c), trigger: "axis", axisPointer: { type: "line" },
      formatter: (all: { seriesName: string; value: number[] }[]) => tip(time.text(all[0].value[0]), ...all.map((s) => text(s.value[1], s.seriesName))),
    },
    xAxis: time.axis(c),
    yAxis: { type: "value", name: unit, min: 0, minInterval: 1, ...axis(c) },
    dataZoom: [{ type: "inside", xAxisIndex: 0, filterMode: "none", zoomOnMouseWheel: "ctrl", moveOnMouseMove: "shift", preventDefaultMouseMove: false }],
  };
}

const mostBars = 100;

// joined adds up neighbours so that few enough bars are left.
function joined(values: number[], size: number): number[] {
  const out: number[] = [];
  values.forEach((v, i) => { out[Math.floor(i / size)] = (out[Math.floor(i / size)] ?? 0) + v; });
  return out;
}

function endedChart(r: Report): HTMLElement {
  const u = r.usage;
  const time = timeAxis(r);
  const size = Math.max(1, Math.ceil(u.ended.length / mostBars));
  const step = size * u.step_seconds;
  const at = (i: number) => time.of(Date.parse(u.begin!) + (i + 0.5) * step * 1000);
  const [ended, failed] = [joined(u.ended, size), joined(u.failed, size)];
  const names = ["succeeded", "failed or lost"];
  const title = `Attempts that ended in each ${duration(step)}`;
  const fill = (width: number) => Math.max(1, (0.9 * (width - 16 - (width < 600 ? 44 : 150))) / ended.length);
  const drawn = chart(title, 200, (c: Colors, width) => ({
    ...overTime(c, time, width, names, "attempts", (n, name) => `${count(n)} ${name}`),
    series: [
      { name: names[0], type: "bar", stack: "ended", barWidth: fill(width), data: ended.map((n, i) => [at(i), n - failed[i]]), itemStyle: { color: state("succeeded").color } },
      { name: names[1], type: "bar", stack: "ended", barWidth: fill(width), data: failed.map((n, i) => [at(i), n]), itemStyle: { color: state("failed").color } },
    ],
  }), together);
  return h("div", {}, h("h3", {}, title), drawn);
}

export function timeline(r: Report): HTMLElement {
  if (r.timeline.bars.length === 0) {
    return section("Timeline", "", h("p", { class: "empty" }, "No attempt has ended whose times are known."));
  }
  const key = h("ul", { class: "key" }, ...["succeeded", "failed", "lost", "skipped"]
    .filter((s) => r.timeline.bars.some((b) => b.status === s))
    .map((s) => h("li", {}, swatch(s), `${state(s).sign} ${s}`)));
  const notes = [
    r.timeline.step_seconds > 0 && `Too many to draw each: what began within ${duration(r.timeline.step_seconds)} on a lane and ended alike is one bar, the fainter the more idle time is in it; its text is that of the longest.`,
    r.timeline.more_lanes && `${plural(r.timeline.more_lanes, "lane")} with fewer attempts not shown.`,
  ].filter(Boolean).join(" ");
  return section("Timeline", "What each worker did. Drag the slider, or turn the wheel with Ctrl held, to zoom; Shift and drag moves.",
    key, timelineChart(r), notes !== "" && h("p", { class: "note" }, notes),
    h("h3", {}, "Cores"), usageChart(r), endedChart(r));
}

export function swatch(status: string): HTMLElement {
  const e = h("span", { class: "swatch", "aria-hidden": "true" });
  e.style.background = state(status).color;
  return e;
}
