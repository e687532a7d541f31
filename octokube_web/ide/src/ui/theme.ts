/** Light, dark, or as the system says; remembered in this browser. */
import { Store } from "../store";

export type Theme = "system" | "light" | "dark";

const KEY = "octokube.theme";
const NEXT: Record<Theme, Theme> = { system: "light", light: "dark", dark: "system" };

function remembered(): Theme {
  const word = localStorage.getItem(KEY);
  return word === "light" || word === "dark" ? word : "system";
}

export const theme = new Store<Theme>(remembered());

export function applyTheme(next: Theme): void {
  if (next === "system") delete document.documentElement.dataset["theme"];
  else document.documentElement.dataset["theme"] = next;
}

export function nextTheme(): void {
  const next = NEXT[theme.get()];
  localStorage.setItem(KEY, next);
  theme.set(next);
  applyTheme(next);
}
