// The colours are those of the status page, and every state has a sign, too.
export interface State { color: string; sign: string }

export const states: Record<string, State> = {
  running: { color: "#0072B2", sign: "▶" },
  succeeded: { color: "#009E73", sign: "✓" },
  done: { color: "#009E73", sign: "✓" },
  failed: { color: "#D55E00", sign: "✗" },
  ended: { color: "#009E73", sign: "■" },
  lost: { color: "#E69F00", sign: "!" },
};

const other: State = { color: "#8a94a3", sign: "–" };

export const state = (status: string): State => states[status] ?? other;
