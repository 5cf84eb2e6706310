import { Drawing, embedded, Report } from "./data";
import { drawing, durations } from "./nodes";
import { cores, counts, details, failures, footer, header, hosts, slowest, tiles, waiting } from "./tables";
import { timeline } from "./timeline";

const r = embedded<Report>("report");
const parts = [header(r), tiles(r), counts(r), failures(r), drawing(r, embedded<Drawing>("drawing")), timeline(r), durations(r), cores(r), waiting(r), slowest(r), hosts(r), details(r), footer(r)];
document.getElementById("page")!.append(...parts.filter((p): p is HTMLElement => p instanceof HTMLElement));
