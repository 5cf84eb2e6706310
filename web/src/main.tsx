import { render } from "preact";
import { Refused, session as askSession } from "./api";
import { Live, Stream } from "./live";
import { Page } from "./page";
import { route, topicsOf } from "./route";
import { setTheme, theme } from "./theme";
import type { Session } from "./types";

setTheme(theme());

const place = document.getElementById("page")!;
let session: Session | undefined;
let drawn = false;

/** draw puts what is known on the page, once for each frame at most. */
function draw() {
  if (drawn) return;
  drawn = true;
  requestAnimationFrame(() => {
    drawn = false;
    const live: Live = stream.live;
    document.title = (live.board?.cluster ?? "cluster") + " · ewoks-hpc";
    render(<Page live={live} route={route()} session={session} />, place);
  });
}

const stream = new Stream(draw, () => location.reload());

/** follow watches what the address names. */
function follow() {
  stream.watch(topicsOf(route(), session?.attempts ?? false));
  draw();
}

/** learn asks what this page may do, until it is told. */
async function learn() {
  try {
    session = await askSession();
    follow();
  } catch (e) {
    if (e instanceof Refused && e.status === 401) return location.reload(); // to what says that a link is needed
    setTimeout(learn, 2000);
  }
}

window.addEventListener("hashchange", () => {
  follow();
  window.scrollTo(0, 0);
});
setInterval(() => !document.hidden && draw(), 1000); // times are relative to now
draw();
void learn();
