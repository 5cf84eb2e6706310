import { useEffect } from "preact/hooks";

/**
 * usePolling looks again and again while the page is visible, until a look says that it was the last:
 * it returns how long to rest, in ms, or undefined.
 */
export function usePolling(look: (signal: AbortSignal) => Promise<number | undefined>) {
  useEffect(() => {
    const end = new AbortController();
    let timer: number | undefined;
    const turn = async () => {
      const rest = document.hidden ? 1000 : await look(end.signal);
      if (!end.signal.aborted && rest !== undefined) timer = window.setTimeout(turn, rest);
    };
    void turn();
    return () => {
      end.abort();
      clearTimeout(timer);
    };
  }, []);
}
