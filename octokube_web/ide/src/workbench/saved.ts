/** Tables that a person has given a name: what is looked at, narrowed and sorted. Remembered in this browser, for each person. */
import { NOWHERE, type Place } from "../location";
import { Store } from "../store";

export interface SavedView {
  readonly name: string;
  readonly place: Pick<Place, "cluster" | "type" | "namespace" | "labels" | "filter" | "sort">;
}

const PARTS = ["cluster", "type", "namespace", "labels", "filter", "sort"] as const;

/** In the order of their names. */
export const savedViews = new Store<readonly SavedView[]>([]);
let attended = "";

const keyOf = (subject: string) => `octokube.views.${subject}`;

/** Shows this person's views and nobody else's. */
export function attendViews(subject: string): void {
  attended = subject;
  savedViews.set(readViews(localStorage.getItem(keyOf(subject))));
}

export function readViews(text: string | null): readonly SavedView[] {
  let held: unknown;
  try {
    held = JSON.parse(text ?? "[]");
  } catch (error) {
    // What another program wrote there is none of ours.
    if (!(error instanceof SyntaxError)) throw error;
  }
  if (!Array.isArray(held)) return [];
  return held.flatMap((one: unknown): SavedView[] => {
    const { name, place } = (one ?? {}) as { name?: unknown; place?: Record<string, unknown> };
    if (typeof name !== "string" || !name || typeof place !== "object" || place === null) return [];
    const text = (part: string) => (typeof place[part] === "string" ? place[part] : "");
    return [{ name, place: viewOf({ ...NOWHERE, ...Object.fromEntries(PARTS.map((part) => [part, text(part)])) }) }];
  });
}

function viewOf(place: Place): SavedView["place"] {
  return { cluster: place.cluster, type: place.type, namespace: place.namespace, labels: place.labels, filter: place.filter, sort: place.sort };
}

/** Under a name that is taken, it replaces what was there. */
export function saveView(name: string, place: Place): void {
  keep([...savedViews.get().filter((one) => one.name !== name), { name, place: viewOf(place) }]);
}

export function forgetView(name: string): void {
  keep(savedViews.get().filter((one) => one.name !== name));
}

function keep(views: readonly SavedView[]): void {
  const sorted = [...views].sort((a, b) => a.name.localeCompare(b.name));
  savedViews.set(sorted);
  localStorage.setItem(keyOf(attended), JSON.stringify(sorted));
}

/** Where a view leads: to its table, with no object open. */
export function placeOf(view: SavedView): Partial<Place> {
  return { ...view.place, page: "", name: "", inNamespace: "", tab: "", alone: "" };
}

export function isView(view: SavedView, place: Place): boolean {
  return PARTS.every((part) => view.place[part] === place[part]);
}
