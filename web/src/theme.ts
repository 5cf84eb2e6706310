// Light, dark, or what the system says; kept for this browser.
export type Theme = "auto" | "light" | "dark";

const key = "ewoks-hpc theme";

export function theme(): Theme {
  try {
    const kept = localStorage.getItem(key);
    return kept === "light" || kept === "dark" ? kept : "auto";
  } catch {
    return "auto"; // storage may be forbidden
  }
}

export function setTheme(t: Theme): void {
  document.documentElement.dataset.theme = t;
  try {
    localStorage.setItem(key, t);
  } catch {
    // for this visit only
  }
  window.dispatchEvent(new Event("themechange"));
}

export const nextTheme = (): Theme => ({ auto: "light", light: "dark", dark: "auto" } as const)[theme()];

/** colour is the value of a CSS variable, for a canvas. */
export const colour = (name: string) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
