/** What the page looks at, held in the address so that it can be reloaded, shared and gone back from. */
import { Store } from "./store";

export interface Place {
  /** A page beside the objects, such as "access"; empty: the objects. */
  readonly page: string;
  readonly cluster: string;
  readonly type: string;
  /** Empty: all. */
  readonly namespace: string;
  /** The open object's name; empty when none is open. */
  readonly name: string;
  /** The open object's namespace; empty for a cluster-scoped one. */
  readonly inNamespace: string;
  readonly filter: string;
  /** The part of the open object's page, such as "logs"; empty: its overview. */
  readonly tab: string;
}

const KEYS: readonly (readonly [keyof Place, string])[] = [
  ["page", "page"],
  ["cluster", "cluster"],
  ["type", "type"],
  ["namespace", "namespace"],
  ["inNamespace", "in"],
  ["name", "name"],
  ["filter", "filter"],
  ["tab", "tab"],
];

export function parsePlace(search: string): Place {
  const query = new URLSearchParams(search);
  return Object.fromEntries(KEYS.map(([key, word]) => [key, query.get(word) ?? ""])) as unknown as Place;
}

export function formatPlace(place: Place): string {
  const query = new URLSearchParams();
  for (const [key, word] of KEYS) if (place[key]) query.set(word, place[key]);
  const text = query.toString();
  return text ? `/?${text}` : "/";
}

export const place = new Store<Place>(parsePlace(window.location.search));

window.addEventListener("popstate", () => place.set(parsePlace(window.location.search)));

/** Goes there; to objects, unless a page is named. `replace` leaves no step to go back to: for typing, and for what the page chose by itself. */
export function go(change: Partial<Place>, how: "push" | "replace" = "push"): void {
  const next = { ...place.get(), ...("type" in change ? { page: "" } : {}), ...("name" in change ? { tab: "" } : {}), ...change };
  const address = formatPlace(next);
  if (address === formatPlace(place.get())) return;
  if (how === "push") window.history.pushState(null, "", address);
  else window.history.replaceState(null, "", address);
  place.set(next);
}
