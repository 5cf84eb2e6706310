import type { ComponentChildren } from "preact";
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { count, plural } from "./format";
import { useWidth } from "./width";

export interface Column<T> {
  title: string;
  /** width is a track of a CSS grid. */
  width: string;
  cell: (row: T) => ComponentChildren;
  /** by is what to sort by; columns without it do not sort. */
  by?: (row: T) => string | number;
  number?: boolean;
  /** from is the least width of the window that shows it: 0, 760, 900 or 1200 pixels. */
  from?: number;
  /** bare cells have no label in front of them on a phone. */
  bare?: boolean;
}

interface Props<T> {
  label: string;
  noun: string;
  rows: T[];
  columns: Column<T>[];
  keyOf: (row: T) => string;
  /** text is what a filter looks in; without it there is no filter. */
  text?: (row: T) => string;
  sort?: [column: number, down: boolean];
  /** most rows that are shown, with a link to all others. */
  most?: number;
  all?: string;
  leftOut?: number;
  height?: number;
  phoneHeight?: number;
  empty: ComponentChildren;
}

/** phone is the width below which a row is a card. */
const phone = 760;

/** Table draws only those of its rows that are on the screen. All rows are equally high. */
export function Table<T>(p: Props<T>) {
  const width = useWidth();
  const [sort, setSort] = useState<[number, boolean]>(p.sort ?? [-1, false]);
  const [filter, setFilter] = useState("");
  const rows = useMemo(() => arrange(p, sort, filter), [p.rows, sort, filter]);
  const columns = p.columns.map((c, i) => ({ ...c, i })).filter((c) => width >= (c.from ?? 0));
  const shown = p.most ? rows.slice(0, p.most) : rows;
  const height = width < phone ? (p.phoneHeight ?? 84) : (p.height ?? 38);
  const { body, first, last } = useWindow(shown.length, height);
  const tracks = width < phone ? undefined : { gridTemplateColumns: columns.map((c) => c.width).join(" ") };
  if (p.rows.length === 0) return <div class="empty">{p.empty}</div>;
  return (
    <div class="table" role="table" aria-label={p.label} aria-rowcount={shown.length + 1}>
      {p.text && (
        <div class="table-tools">
          <input type="search" class="filter" placeholder={`Filter ${p.noun}s`} aria-label={`Filter ${p.noun}s`}
            value={filter} onInput={(e) => setFilter(e.currentTarget.value)} />
          <span class="faint" role="status">{filter ? `${count(rows.length)} of ${plural(p.rows.length, p.noun)}` : plural(p.rows.length, p.noun)}</span>
        </div>
      )}
      <div class="row head" role="row" style={tracks}>
        {columns.map((c) => (
          <span key={c.title} role="columnheader" class={c.number ? "number" : undefined} aria-sort={sort[0] === c.i ? (sort[1] ? "descending" : "ascending") : undefined}>
            {c.by ? (
              <button type="button" class="sort" onClick={() => setSort([c.i, sort[0] === c.i ? !sort[1] : !!c.number])}>
                {c.title}
                <span class="arrow" aria-hidden="true">{sort[0] === c.i ? (sort[1] ? "▾" : "▴") : ""}</span>
              </button>
            ) : c.title}
          </span>
        ))}
      </div>
      <div class="rows" role="rowgroup" ref={body} style={{ height: `${shown.length * height}px` }}>
        {shown.slice(first, last).map((row, i) => (
          <div key={p.keyOf(row)} class="row" role="row" aria-rowindex={first + i + 2} style={{ ...tracks, height: `${height}px`, transform: `translateY(${(first + i) * height}px)` }}>
            {columns.map((c) => (
              <span key={c.title} role="cell" class={c.number ? "number" : undefined} data-label={c.bare || c === columns[0] ? undefined : c.title.toLowerCase()}>{c.cell(row)}</span>
            ))}
          </div>
        ))}
      </div>
      {rows.length === 0 && <p class="more">Nothing matches “{filter}”.</p>}
      {shown.length < rows.length && <p class="more"><a href={p.all}>All {plural(rows.length, p.noun)}</a></p>}
      {!!p.leftOut && <p class="more">{count(p.leftOut)} more are not sent to this page.</p>}
    </div>
  );
}

function arrange<T>(p: Props<T>, [column, down]: [number, boolean], filter: string): T[] {
  const wanted = filter.trim().toLowerCase();
  const rows = wanted && p.text ? p.rows.filter((r) => p.text!(r).toLowerCase().includes(wanted)) : p.rows.slice();
  const by = p.columns[column]?.by;
  if (!by) return rows;
  const keyed = rows.map((row) => ({ row, key: by(row) }));
  const order = typeof keyed[0]?.key === "number"
    ? (a: Keyed<T>, b: Keyed<T>) => (a.key as number) - (b.key as number)
    : (a: Keyed<T>, b: Keyed<T>) => collator.compare(String(a.key), String(b.key));
  return keyed.sort(down ? (a, b) => order(b, a) : order).map((k) => k.row);
}

interface Keyed<T> { row: T; key: string | number }

/** useRows makes a table's rows of an object; as long as that is the same, so are they. */
export function useRows<T>(of: Record<string, T>): T[] {
  return useMemo(() => Object.values(of), [of]);
}

const collator = new Intl.Collator("en", { numeric: true });

/** useWindow follows which rows of a body, at most some more than fit, are on the screen. */
function useWindow(rows: number, height: number) {
  const body = useRef<HTMLDivElement>(null);
  const [top, setTop] = useState(0);
  const look = () => {
    if (body.current) setTop(Math.max(0, Math.floor(-body.current.getBoundingClientRect().top / height / 8) * 8));
  };
  useLayoutEffect(look, [rows > 0, height]);
  useEffect(() => {
    window.addEventListener("scroll", look, { passive: true });
    window.addEventListener("resize", look);
    return () => {
      window.removeEventListener("scroll", look);
      window.removeEventListener("resize", look);
    };
  });
  const fits = Math.ceil(window.innerHeight / height);
  return { body, first: Math.max(0, Math.min(top - 8, rows - fits)), last: top + fits + 16 };
}
