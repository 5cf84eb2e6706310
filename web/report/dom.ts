// Elements are made here and nowhere else: what the report is about becomes text,
// never markup.
export type Child = Node | string | number | null | undefined | false;

export function h(tag: string, attributes: Record<string, string> = {}, ...children: Child[]): HTMLElement {
  const e = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) e.setAttribute(name, value);
  for (const c of children) {
    if (c === null || c === undefined || c === false) continue;
    e.append(c instanceof Node ? c : String(c));
  }
  return e;
}

export function section(title: string, about: string, ...children: Child[]): HTMLElement {
  return h("section", {}, h("h2", {}, title), about !== "" && h("p", { class: "about" }, about), ...children);
}

export interface Column<T> {
  title: string;
  cell: (row: T) => Child;
  // number columns are aligned to the right, wide ones are left out on a phone.
  number?: boolean;
  wide?: boolean;
}

export function table<T>(rows: T[], columns: Column<T>[], label: string): HTMLElement {
  const kind = (c: Column<T>) => [c.number ? "number" : "", c.wide ? "wide" : ""].join(" ").trim();
  const head = h("tr", {}, ...columns.map((c) => h("th", { scope: "col", class: kind(c) }, c.title)));
  const body = rows.map((r) => h("tr", {}, ...columns.map((c) => h("td", { class: kind(c) }, c.cell(r)))));
  const shown = h("table", {}, h("thead", {}, head), h("tbody", {}, ...body));
  return h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": label }, shown);
}
