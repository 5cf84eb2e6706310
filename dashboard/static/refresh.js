// Replaces what the page shows every few seconds while somebody looks at it.
"use strict";

const every = 5000; // ms
let busy = false;

async function refresh() {
  const reading = !getSelection().isCollapsed; // would be lost
  if (busy || document.hidden || reading) return;
  busy = true;
  try {
    const reply = await fetch("/plain", { cache: "no-store", signal: AbortSignal.timeout(2 * every) });
    if (reply.status === 401) return location.reload();
    if (!reply.ok) throw new Error(reply.status);
    const next = new DOMParser().parseFromString(await reply.text(), "text/html").querySelector("main");
    const focused = document.activeElement?.id;
    document.querySelector("main").replaceWith(next);
    if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
    document.getElementById("offline").hidden = true;
  } catch {
    document.getElementById("offline").hidden = false;
  } finally {
    busy = false;
  }
}

setInterval(refresh, every);
document.addEventListener("visibilitychange", refresh);
