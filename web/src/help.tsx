import { useEffect, useRef } from "preact/hooks";
import { nextTheme, setTheme } from "./theme";

export const views: [view: string, title: string][] = [
  ["overview", "Overview"], ["tasks", "Tasks"], ["runs", "Runs"], ["campaigns", "Campaigns"], ["workers", "Workers"], ["jobs", "Jobs"], ["logs", "Logs"],
];

const keys: [key: string, what: string][] = [
  ...views.map(([, title], i): [string, string] => [String(i + 1), title]),
  ["/", "filter the table"], ["t", "light, dark or as the system"], ["?", "this help"], ["Esc", "close, or leave the filter"], ["Tab", "go to the next link or button"],
];

/** useKeys lets a keyboard do what a mouse does. */
export function useKeys(help: () => void) {
  useEffect(() => {
    const press = (e: KeyboardEvent) => {
      const typing = e.target instanceof HTMLInputElement;
      if (e.key === "Escape" && typing) (e.target as HTMLInputElement).blur();
      if (typing || e.ctrlKey || e.metaKey || e.altKey || document.querySelector("dialog[open]")) return;
      const view = views[Number(e.key) - 1];
      if (view) location.hash = "#/" + view[0];
      else if (e.key === "?") help();
      else if (e.key === "t") setTheme(nextTheme());
      else if (e.key === "/") {
        const filter = document.querySelector<HTMLInputElement>(".filter");
        if (filter) e.preventDefault();
        filter?.focus();
      }
    };
    document.addEventListener("keydown", press);
    return () => document.removeEventListener("keydown", press);
  }, []);
}

export function Help({ open, close }: { open: boolean; close: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    if (open) dialog.current?.showModal();
  }, [open]);
  return (
    <dialog ref={dialog} onClose={close} aria-label="keys">
      <h2>Keys</h2>
      <dl class="keys">{keys.map(([k, what]) => <div key={k}><dt><kbd>{k}</kbd></dt><dd>{what}</dd></div>)}</dl>
      <div class="buttons"><button type="button" onClick={() => dialog.current?.close()}>Close</button></div>
    </dialog>
  );
}
