/** How a person wants the page to look and to listen; remembered in this browser. */
import { Store } from "../store";

export const THEMES = ["system", "light", "dark", "contrast-light", "contrast-dark"] as const;
export const DENSITIES = ["compact", "regular", "roomy"] as const;

export type Theme = (typeof THEMES)[number];
export type Density = (typeof DENSITIES)[number];

export interface Settings {
  readonly theme: Theme;
  readonly density: Density;
  /** Whether single letters act in a table (WCAG 2.1.4). */
  readonly hasLetterKeys: boolean;
  /** Whether a terminal writes what it shows for a screen reader, too. */
  readonly isSpoken: boolean;
  /** Whether the side bar says how many objects there are. */
  readonly hasCounts: boolean;
}

export const USUAL: Settings = { theme: "system", density: "regular", hasLetterKeys: true, isSpoken: true, hasCounts: true };

/** In pixels. */
const ROW_HEIGHTS: Record<Density, number> = { compact: 24, regular: 28, roomy: 36 };

const KEY = "octokube.settings";

function remembered(): Settings {
  let held: Partial<Record<keyof Settings, unknown>> = {};
  try {
    held = (JSON.parse(localStorage.getItem(KEY) ?? "null") ?? {}) as typeof held;
  } catch (error) {
    // What another program wrote there is none of ours.
    if (!(error instanceof SyntaxError)) throw error;
  }
  return {
    theme: THEMES.find((one) => one === held.theme) ?? USUAL.theme,
    density: DENSITIES.find((one) => one === held.density) ?? USUAL.density,
    hasLetterKeys: typeof held.hasLetterKeys === "boolean" ? held.hasLetterKeys : USUAL.hasLetterKeys,
    isSpoken: typeof held.isSpoken === "boolean" ? held.isSpoken : USUAL.isSpoken,
    hasCounts: typeof held.hasCounts === "boolean" ? held.hasCounts : USUAL.hasCounts,
  };
}

export const settings = new Store<Settings>(remembered());

export const rowHeight = (): number => ROW_HEIGHTS[settings.get().density];

export function applySettings(): void {
  const { theme, density } = settings.get();
  const { dataset, style } = document.documentElement;
  if (theme === "system") delete dataset["theme"];
  else dataset["theme"] = theme;
  style.setProperty("--row", `${ROW_HEIGHTS[density]}px`);
}

export function change(part: Partial<Settings>): void {
  const next = { ...settings.get(), ...part };
  localStorage.setItem(KEY, JSON.stringify(next));
  settings.set(next);
  applySettings();
}

export function nextTheme(): void {
  const at = THEMES.indexOf(settings.get().theme);
  change({ theme: THEMES[(at + 1) % THEMES.length] ?? "system" });
}
