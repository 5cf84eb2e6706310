// What all charts share: the parts of ECharts that they need, their colours in
// light and dark, and when they are drawn anew.
import * as echarts from "echarts/core";
import { BarChart, CustomChart, LineChart } from "echarts/charts";
import { DataZoomComponent, GridComponent, LegendComponent, TooltipComponent } from "echarts/components";
import { CanvasRenderer } from "echarts/renderers";
import { h } from "./dom";

echarts.use([BarChart, CustomChart, LineChart, DataZoomComponent, GridComponent, LegendComponent, TooltipComponent, CanvasRenderer]);

export interface Colors { text: string; faint: string; line: string; card: string; used: string; asked: string }

type Options = (c: Colors, width: number) => echarts.EChartsCoreOption;

interface Drawn { chart: echarts.ECharts; options: Options; box: HTMLElement }

const all: Drawn[] = [];
const dark = matchMedia("(prefers-color-scheme: dark)");
let printing = false;

function colors(): Colors {
  return dark.matches && !printing
    ? { text: "#e4e8ee", faint: "#9aa5b5", line: "#2c3440", card: "#1a2029", used: "#56B4E9", asked: "#b9c3d0" }
    : { text: "#1c2330", faint: "#5b6577", line: "#e1e5eb", card: "#ffffff", used: "#0072B2", asked: "#4a5363" };
}

// chart makes a box whose chart is drawn when it is on the page.
export function chart(label: string, height: number, options: Options, group?: string): HTMLElement {
  const box = h("div", { class: "chart", role: "img", "aria-label": label });
  box.style.height = `${height}px`;
  queueMicrotask(() => {
    const c = echarts.init(box, null, { renderer: "canvas" });
    if (group) c.group = group;
    all.push({ chart: c, options, box });
    c.setOption(options(colors(), box.clientWidth));
    if (group) echarts.connect(group);
    new ResizeObserver(() => c.resize()).observe(box);
  });
  return box;
}

function redraw(): void {
  for (const d of all) {
    const zoom = (d.chart.getOption() as { dataZoom?: { start: number; end: number }[] }).dataZoom ?? [];
    d.chart.setOption(d.options(colors(), d.box.clientWidth), { notMerge: true });
    zoom.forEach((z, dataZoomIndex) => d.chart.dispatchAction({ type: "dataZoom", dataZoomIndex, start: z.start, end: z.end }));
  }
}

dark.addEventListener("change", redraw);
for (const [event, now] of [["beforeprint", true], ["afterprint", false]] as const) {
  addEventListener(event, () => {
    printing = now;
    redraw();
    for (const d of all) d.chart.resize();
  });
}

export const axis = (c: Colors) => ({
  axisLine: { lineStyle: { color: c.line } }, axisTick: { lineStyle: { color: c.line } },
  axisLabel: { color: c.faint, hideOverlap: true }, splitLine: { lineStyle: { color: c.line } },
  nameTextStyle: { color: c.faint },
});

// tip is a tooltip of lines of text; the first is bold.
export function tip(...lines: (string | false | undefined)[]): HTMLElement {
  const [first, ...rest] = lines.filter((l): l is string => !!l);
  return h("div", { class: "tip" }, h("strong", {}, first), ...rest.map((l) => h("div", {}, l)));
}

export const tooltip = (c: Colors) => ({
  backgroundColor: c.card, borderColor: c.line, textStyle: { color: c.text, fontSize: 13 }, confine: true, transitionDuration: 0,
});

export const zoomSlider = (c: Colors, more: object) => ({
  type: "slider", borderColor: c.line, textStyle: { color: c.faint }, fillerColor: "rgba(0,114,178,.15)", handleStyle: { color: c.faint },
  dataBackground: { lineStyle: { color: c.line }, areaStyle: { color: c.line } }, brushSelect: false, ...more,
});
