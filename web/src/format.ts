const integers = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const moments = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });
const clocks = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit" });

/** count writes a number with its thousands parted by narrow spaces. */
export const count = (n: number) => integers.format(n).replaceAll(",", "\u202f");

/** plural is a number with a noun, whose plural takes an s. */
export const plural = (n: number, noun: string) => `${count(n)} ${noun}${n === 1 ? "" : "s"}`;

/** span is a duration, given in seconds, in its two largest units. */
export function span(seconds: number): string {
  const s = Math.round(seconds);
  if (seconds < 0) return "0 s"; // clocks differ
  if (seconds < 0.0995) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  if (s < 60) return `${s} s`;
  if (s < 3600) return two(Math.floor(s / 60), "min", s % 60, "s");
  if (s < 86400) return two(Math.floor(s / 3600), "h", Math.floor(s / 60) % 60, "min");
  return two(Math.floor(s / 86400), "d", Math.floor(s / 3600) % 24, "h");
}

const two = (a: number, unit: string, b: number, smaller: string) => `${a} ${unit}${b ? ` ${b} ${smaller}` : ""}`;

/** ago tells a time relative to now, in whole seconds. */
export function ago(time: string, now = Date.now()): string {
  const seconds = Math.round((now - Date.parse(time)) / 1000);
  if (Math.abs(seconds) < 2) return "now";
  const words = Math.abs(seconds) < 60 ? `${Math.abs(seconds)} s` : span(Math.abs(seconds));
  return seconds < 0 ? `in ${words}` : `${words} ago`;
}

export const moment = (time: string | number) => moments.format(new Date(time));
export const clock = (time: string | number) => clocks.format(new Date(time));

/** bytes as people name memory: binary units. */
export function bytes(n: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let i = 0;
  for (; n >= 1024 && i < units.length - 1; i++) n /= 1024;
  return `${n < 10 && i > 0 ? n.toFixed(1) : Math.round(n)} ${units[i]}`;
}

/** rate is a number per second. */
export const rate = (n: number) => (n >= 9.95 ? count(n) : n.toFixed(1));
