// Numbers and times in words: three digits that count, times in the reader's zone.
const integers = new Intl.NumberFormat("en");

export const count = (n: number): string => integers.format(n);

export function plural(n: number, what: string): string {
  return `${count(n)} ${what}${n === 1 ? "" : "s"}`;
}

const three = (v: number): string => v.toFixed(v >= 99.95 ? 0 : v >= 9.995 ? 1 : 2);

export function duration(s: number): string {
  if (s <= 0) return "0 s";
  if (s < 0.9995e-3) return `${(s * 1e6).toFixed(0)} µs`;
  if (s < 0.9995) return `${three(s * 1e3)} ms`;
  if (s < 99.95) return `${three(s)} s`;
  const whole = Math.round(s);
  const two = (n: number) => String(n).padStart(2, "0");
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${two(whole % 60)} s`;
  if (whole < 86400) return `${Math.floor(whole / 3600)} h ${two(Math.floor((whole % 3600) / 60))} min`;
  return `${Math.floor(whole / 86400)} d ${two(Math.floor((whole % 86400) / 3600))} h`;
}

export function amount(v: number): string {
  if (v > 0 && v < 0.001) return "< 0.001";
  return v >= 999.5 ? count(Math.round(v)) : String(Number(v.toPrecision(3)));
}

export function bytes(n: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let unit = 0;
  for (; n >= 999.5 && unit < units.length - 1; unit++) n /= 1024;
  return `${unit === 0 ? n : three(n)} ${units[unit]}`;
}

export function percent(part: number, whole: number): string {
  if (whole <= 0) return "–";
  const p = (100 * part) / whole;
  if (p > 0 && p < 0.5) return "< 1 %";
  return p > 99.5 && p < 100 ? "> 99 %" : `${Math.round(p)} %`;
}

const dates = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });

export const moment = (t: string | number): string => dates.format(new Date(t));

export const zone = (): string => Intl.DateTimeFormat().resolvedOptions().timeZone;
