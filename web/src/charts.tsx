import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import { clock } from "./format";
import { colour } from "./theme";

export type Make = (width: number) => uPlot.Options;

/** Plot keeps a chart of a fixed height as wide as its place, in the colours of the theme. */
export function Plot({ make, data, height, label, update }: {
  make: Make; data: uPlot.AlignedData; height: number; label: string; update?: (u: uPlot) => void;
}) {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | undefined>(undefined);
  const latest = useRef(data);
  latest.current = data;
  useEffect(() => {
    const here = place.current!;
    const build = () => {
      plot.current?.destroy();
      plot.current = new uPlot({ ...make(here.clientWidth), height }, latest.current, here);
    };
    const fit = new ResizeObserver(() => plot.current?.setSize({ width: here.clientWidth, height }));
    const dark = matchMedia("(prefers-color-scheme: dark)");
    build();
    fit.observe(here);
    dark.addEventListener("change", build);
    window.addEventListener("themechange", build);
    return () => {
      fit.disconnect();
      dark.removeEventListener("change", build);
      window.removeEventListener("themechange", build);
      plot.current?.destroy();
      plot.current = undefined;
    };
  }, [make, height]);
  useEffect(() => {
    if (!plot.current) return;
    if (update) update(plot.current);
    else plot.current.setData(data);
  }, [data]);
  return <div class="plot" ref={place} style={{ height: `${height}px` }} role="img" aria-label={label} />;
}

/** axis is a quiet axis. */
export function axis(more: Partial<uPlot.Axis> = {}): uPlot.Axis {
  return {
    stroke: colour("--faint"), font: "12px system-ui, sans-serif", size: 52,
    grid: { stroke: colour("--line"), width: 1 }, ticks: { stroke: colour("--line"), width: 1 }, ...more,
  };
}

/** timeAxis has the reader's clock. */
export const timeAxis = () => axis({ size: 30, space: 90, values: (_u, seconds) => seconds.map((s) => clock(s * 1000)) });

export const bars = () => uPlot.paths.bars!({ size: [0.9, 24], align: 1 });
