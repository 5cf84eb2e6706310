import { useEffect, useRef, useState } from "preact/hooks";
import { Help, useKeys, views } from "./help";
import type { Live } from "./live";
import { Order, SessionContext } from "./orders";
import type { Route } from "./route";
import { nextTheme, setTheme, theme } from "./theme";
import type { Session } from "./types";
import { Command, Empty, Section, Wait } from "./ui";
import { verdict } from "./verdict";
import { Campaign } from "./views/campaign";
import { Campaigns, Jobs, Pools, Runs, Workers } from "./views/lists";
import { Logs } from "./views/logs";
import { Overview } from "./views/overview";
import { Row } from "./views/row";
import { Run } from "./views/run";
import { Tasks } from "./views/tasks";
import { ago } from "./format";

export function Page({ live, route, session }: { live: Live; route: Route; session?: Session }) {
  const [help, setHelp] = useState(false);
  useKeys(() => setHelp(true));
  return (
    <SessionContext.Provider value={session}>
      <a class="skip" href="#content" onClick={(e) => { e.preventDefault(); document.getElementById("content")?.focus(); }}>Skip to the content</a>
      <header class="top">
        <a class="brand" href="#/overview"><b>{live.board?.cluster ?? "…"}</b> <span class="faint">ewoks-hpc</span></a>
        <Tools session={session} help={() => setHelp(true)} />
        <nav aria-label="views">
          {views.map(([view, title]) => <a key={view} href={"#/" + view} aria-current={route.view === view ? "page" : undefined}>{title}</a>)}
        </nav>
      </header>
      <Says live={live} />
      <main id="content" tabIndex={-1}><View live={live} route={route} session={session} /></main>
      <footer class="faint">{live.board && <>{live.board.version}, workers reach the launcher at {live.board.address}, started {live.board.started ? ago(live.board.started) : "–"}</>}</footer>
      <Help open={help} close={() => setHelp(false)} />
    </SessionContext.Provider>
  );
}

/** Says is the sentence on top. It keeps its height. */
function Says({ live }: { live: Live }) {
  const v = verdict(live);
  const late = !live.connected && Date.now() - live.since > 3000;
  if (late) {
    return (
      <div class="verdict bad" role="status">
        <p><span class="sign" aria-hidden="true">✕</span> The launcher does not answer{live.board ? `: what you see is from ${ago(new Date(live.since).toISOString())}` : ""}.</p>
        <p class="more-words">Is it up? <Command text="ewoks-hpc status" /> Is the ssh tunnel open? This page goes on by itself when it answers. A launcher that was started again has a new link.</p>
      </div>
    );
  }
  if (!v) return <div class="verdict quiet"><p>Asking the launcher…</p></div>;
  const signs = { good: "✓", bad: "✕", warn: "!", quiet: "○" };
  return (
    <div class={`verdict ${v.tone}`} role="status">
      <p><span class="sign" aria-hidden="true">{signs[v.tone]}</span> {v.text} {v.command && <Command text={v.command} />} {live.board?.paused && <Order verb="resume" kind="cluster" words="Resume" />}</p>
      {v.more.length > 0 && <More of={v.more} />}
    </div>
  );
}

/** More are sentences on two lines, so that news does not move the page; all of them when asked. */
function More({ of: sentences }: { of: string[] }) {
  const [open, setOpen] = useState(false);
  return (
    <>
      <ul class={`more-words${open ? " open" : ""}`} title={sentences.join("\n")}>{sentences.map((m) => <li key={m}>{m}</li>)}</ul>
      {sentences.length > 3 && <button type="button" class="plain" aria-expanded={open} onClick={() => setOpen(!open)}>{open ? "Less" : `All ${sentences.length}`}</button>}
    </>
  );
}

function Tools({ session, help }: { session?: Session; help: () => void }) {
  const [chosen, setChosen] = useState(theme);
  useEffect(() => {
    const look = () => setChosen(theme());
    window.addEventListener("themechange", look);
    return () => window.removeEventListener("themechange", look);
  }, []);
  return (
    <div class="tools">
      {session && !session.orders && <span class="badge">read-only</span>}
      {session?.read_token && <Share token={session.read_token} />}
      <button type="button" onClick={() => setTheme(nextTheme())} aria-label={`colours: ${chosen}`}>{{ auto: "◐ Auto", light: "☼ Light", dark: "☾ Dark" }[chosen]}</button>
      <button type="button" onClick={help} aria-label="keys">?</button>
    </div>
  );
}

/** Share offers a link for those who may only look. */
function Share({ token }: { token: string }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [copied, setCopied] = useState(false);
  const link = `${location.origin}/?token=${token}`;
  const copy = async () => {
    await navigator.clipboard.writeText(link).then(() => setCopied(true), () => dialog.current?.querySelector("input")?.select());
  };
  return (
    <>
      <button type="button" onClick={() => (setCopied(false), dialog.current?.showModal())}>Share</button>
      <dialog ref={dialog}>
        <h2>Read-only link</h2>
        <p>Who opens it sees everything here and can change nothing. It ends with the launcher. It leads to this address, so others need a login here, or an ssh tunnel like yours.</p>
        <input class="link" readOnly value={link} aria-label="read-only link" onFocus={(e) => e.currentTarget.select()} />
        <div class="buttons"><button type="button" class="primary" onClick={copy}>{copied ? "Copied" : "Copy read-only link"}</button><button type="button" onClick={() => dialog.current?.close()}>Close</button></div>
      </dialog>
    </>
  );
}

function View({ live, route: { view, rest }, session }: { live: Live; route: Route; session?: Session }) {
  const b = live.board;
  const attempts = session?.attempts ?? false;
  if (view === "overview") return <Overview live={live} attempts={attempts} />;
  if (view === "tasks") return <Tasks live={live} />;
  if (view === "runs" && rest[0]) return <Run key={rest[0]} live={live} id={rest[0]} attempts={attempts} />;
  if (view === "campaigns" && rest[1]) return <Row key={rest.join("/")} campaign={rest[0]} row={rest[1]} />;
  if (view === "campaigns" && rest[0]) return <Campaign key={rest[0]} live={live} name={rest[0]} />;
  if (view === "logs") return <Logs board={b} kind={rest[0] || "launcher"} name={rest[1]} node={rest[2]} />;
  if (!b) return <Wait height={600} />;
  switch (view) {
    case "runs":
      return <Section title="Runs"><Runs of={b} /></Section>;
    case "campaigns":
      return <Section title="Campaigns"><Campaigns of={b} /></Section>;
    case "workers":
      return <Section title="Workers"><Workers of={b} /></Section>;
    case "jobs":
      return <><Pools of={b} /><Section title="Jobs"><Jobs of={b} /></Section></>;
  }
  return <Empty>There is no such view. <a href="#/overview">Go to the overview.</a></Empty>;
}
