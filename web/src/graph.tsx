import ELK, { type ElkNode } from "elkjs/lib/elk-api";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { count } from "./format";
import type { Link, Node } from "./types";
import { signOf, toneOf } from "./ui";

/** most is how many nodes a person can make sense of in a drawing. */
export const most = 250;

/** narrow windows have the graph from top to bottom. */
const narrow = 760;

const box = { width: 176, height: 46 };

interface Drawing {
  width: number;
  height: number;
  boxes: { x: number; y: number }[];
  lines: { link: Link; path: string; label?: { x: number; y: number } }[];
}

/** stateOf is the state of a node that matters most to who looks. */
export function stateOf(n: Node): string {
  if (n.failed) return "failed";
  if (n.running) return "running";
  if (n.ready) return "ready";
  if (n.succeeded) return "succeeded";
  if (n.skipped) return "skipped";
  return n.lost ? "lost" : "waiting";
}

export const nameOf = (n: Node) => n.label || n.id;

/** Graph draws a workflow; the layout is made once, in a worker, and states change in place. */
export function Graph({ nodes, links, chosen, choose }: { nodes: Node[]; links: Link[]; chosen?: number; choose: (i: number) => void }) {
  const [drawing, setDrawing] = useState<Drawing>();
  const [zoom, setZoom] = useState(1);
  const frame = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const f = frame.current;
    if (f) f.scrollLeft = window.innerWidth < narrow ? (f.scrollWidth - f.clientWidth) / 2 : 0;
  }, [drawing]);
  const shape = nodes.map((n) => n.id).join("\n") + JSON.stringify(links);
  useEffect(() => {
    let current = true;
    layout(nodes, links).then((d) => current && setDrawing(d), () => current && setDrawing({ width: 0, height: 0, boxes: [], lines: [] }));
    return () => {
      current = false;
    };
  }, [shape]);
  if (!drawing) return <div class="graph" aria-busy="true" />;
  if (drawing.boxes.length !== nodes.length) return null;
  return (
    <div class="graph-frame">
      <div class="graph drawn" ref={frame} tabIndex={0} role="group" aria-label="workflow graph">
        <svg viewBox={`0 0 ${drawing.width} ${drawing.height}`} style={{ width: `${drawing.width * zoom}px`, maxWidth: zoom === 1 ? "100%" : "none", minWidth: zoom === 1 ? `${0.65 * drawing.width}px` : 0 }}>
          <defs>
            <marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0 8 4 0 8z" /></marker>
          </defs>
          {drawing.lines.map((l, i) => <Line key={i} {...l} />)}
          {nodes.map((n, i) => <Box key={n.id} node={n} at={drawing.boxes[i]} chosen={i === chosen} choose={() => choose(i)} />)}
        </svg>
      </div>
      <div class="zoom buttons" role="group" aria-label="zoom">
        <button type="button" aria-label="smaller" onClick={() => setZoom(Math.max(0.25, zoom / 1.4))}>−</button>
        <button type="button" aria-label="fit" onClick={() => setZoom(1)}>Fit</button>
        <button type="button" aria-label="larger" onClick={() => setZoom(Math.min(4, zoom * 1.4))}>+</button>
      </div>
    </div>
  );
}

function Line({ link, path, label }: Drawing["lines"][number]) {
  return (
    <g class={`edge${link.on_error ? " on-error" : link.conditional ? " conditional" : ""}`}>
      <path d={path} marker-end="url(#arrow)"><title>{[link.on_error ? "on error" : "", link.label ?? ""].filter(Boolean).join(": ")}</title></path>
      {label && <text x={label.x} y={label.y + 11}>{cut(edgeLabel(link), 22)}</text>}
    </g>
  );
}

const edgeLabel = (l: Link) => (l.on_error ? "on error" : l.conditional ? l.label || "if" : "");

function Box({ node, at, chosen, choose }: { node: Node; at: { x: number; y: number }; chosen: boolean; choose: () => void }) {
  const state = stateOf(node);
  return (
    <g class={`box ${toneOf(state)}${chosen ? " chosen" : ""}`} transform={`translate(${at.x} ${at.y})`} tabIndex={0} role="button"
      aria-label={`${nameOf(node)}: ${words(node)}`} aria-pressed={chosen} onClick={choose}
      onKeyDown={(e) => {
        if (e.key !== "Enter" && e.key !== " ") return;
        e.preventDefault();
        choose();
      }}>
      <title>{nameOf(node)}{"\n"}{node.identifier}</title>
      <rect class="back" width={box.width} height={box.height} rx="7" />
      <rect class="tone" width="26" height={box.height} rx="7" />
      <text class="sign" x="13" y="28">{signOf(state)}</text>
      <text class="name" x="34" y="20">{cut(nameOf(node), 17)}</text>
      <text class="words" x="34" y="37">{cut(words(node), 22)}</text>
    </g>
  );
}

/** words are the states of a node's tasks. */
export function words(n: Node): string {
  const parts: [number | undefined, string][] = [
    [n.running, "running"], [n.failed, "failed"], [n.ready, "ready"], [n.succeeded, "succeeded"], [n.waiting, "waiting"], [n.skipped, "skipped"],
  ];
  return parts.filter(([k]) => k).map(([k, word]) => (k === 1 ? word : `${count(k!)} ${word}`)).join(", ") || "waiting";
}

const cut = (s: string, most: number) => (s.length > most ? s.slice(0, most - 1) + "…" : s);

async function layout(nodes: Node[], links: Link[]): Promise<Drawing> {
  const elk = new ELK({ workerUrl: "/static/dist/elk-worker.js" });
  try {
    const graph: ElkNode = await elk.layout({
      id: "root",
      layoutOptions: {
        "elk.algorithm": "layered", "elk.direction": window.innerWidth < narrow ? "DOWN" : "RIGHT", "elk.edgeRouting": "ORTHOGONAL",
        "elk.layered.spacing.nodeNodeBetweenLayers": "48", "elk.spacing.nodeNode": "22", "elk.padding": "[top=12,left=12,bottom=12,right=12]",
      },
      children: nodes.map((_, i) => ({ id: String(i), ...box })),
      edges: links.map((l, i) => ({
        id: "e" + i, sources: [String(l.source)], targets: [String(l.target)],
        labels: edgeLabel(l) ? [{ text: edgeLabel(l), width: 7 * Math.min(22, edgeLabel(l).length), height: 14 }] : [],
      })),
    });
    return {
      width: graph.width ?? 0, height: graph.height ?? 0,
      boxes: graph.children!.map((c) => ({ x: c.x ?? 0, y: c.y ?? 0 })),
      lines: graph.edges!.map((e, i) => ({
        link: links[i],
        path: (e.sections ?? []).map((s) => [s.startPoint, ...(s.bendPoints ?? []), s.endPoint].map((p, k) => `${k ? "L" : "M"}${p.x} ${p.y}`).join("")).join(""),
        label: e.labels?.[0] && { x: e.labels[0].x ?? 0, y: e.labels[0].y ?? 0 },
      })),
    };
  } finally {
    elk.terminateWorker();
  }
}
