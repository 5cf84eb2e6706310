import { createContext } from "preact";
import { useContext, useEffect, useRef, useState } from "preact/hooks";
import { order, Refused, session, wordsOf } from "./api";
import type { Failure, Session } from "./types";

export const SessionContext = createContext<Session | undefined>(undefined);

interface Props {
  verb: "cancel" | "pause" | "resume" | "retry";
  kind: "cluster" | "run" | "campaign";
  name?: string;
  /** words on the button, and what is asked before; without a question it is done at once. */
  words: string;
  question?: string;
}

/** Order is a button that gives an order. Those who may only look do not see it. */
export function Order(p: Props) {
  const given = useContext(SessionContext);
  const dialog = useRef<HTMLDialogElement>(null);
  const [busy, setBusy] = useState(false);
  const [trouble, setTrouble] = useState<Failure>();
  const [done, setDone] = useState("");
  useEffect(() => {
    if (!done) return;
    const t = setTimeout(() => setDone(""), 4000);
    return () => clearTimeout(t);
  }, [done]);
  if (!given?.orders) return null;
  const give = async () => {
    setBusy(true);
    setTrouble(undefined);
    try {
      const answer = await withToken(given.order_token!, (token) => order(token, p.verb, p.kind, p.name));
      setDone(answer.changed ? (answer.rows ? `${answer.rows} rows again` : "done") : "it was so already");
      dialog.current?.close();
    } catch (e) {
      setTrouble(wordsOf(e));
      dialog.current?.showModal();
    } finally {
      setBusy(false);
    }
  };
  return (
    <>
      <button type="button" class={p.verb === "cancel" ? "danger" : undefined} disabled={busy}
        onClick={() => (p.question ? dialog.current?.showModal() : give())}>{done || p.words}</button>
      <dialog ref={dialog} onClose={() => setTrouble(undefined)}>
        <p>{trouble ? trouble.error : p.question}</p>
        {trouble?.hint && <p class="faint">{trouble.hint}</p>}
        <div class="buttons">
          {!trouble && <button type="button" class={p.verb === "cancel" ? "danger" : "primary"} disabled={busy} onClick={give}>{p.words}</button>}
          <button type="button" onClick={() => dialog.current?.close()}>{trouble ? "Close" : "Leave it"}</button>
        </div>
      </dialog>
    </>
  );
}

/** withToken asks for the token again if the launcher has another one by now. */
async function withToken<T>(token: string, give: (token: string) => Promise<T>): Promise<T> {
  try {
    return await give(token);
  } catch (e) {
    if (!(e instanceof Refused) || e.status !== 403) throw e;
    const fresh = (await session()).order_token;
    if (!fresh || fresh === token) throw e;
    return give(fresh);
  }
}
