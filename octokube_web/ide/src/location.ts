/** What a tab looks at, as an address: it can be reloaded, shared and gone back to. */

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
  /** A label selector, which the hub applies; empty: whatever the labels. */
  readonly labels: string;
  /** How the table is sorted, as `sortFrom` reads it; empty: by name. */
  readonly sort: string;
  /** The part of the open object's page, such as "logs"; empty: its overview. */
  readonly tab: string;
  /** "object": the open object has the tab to itself; empty: it stands beside its table. */
  readonly alone: string;
}

const KEYS: readonly (readonly [keyof Place, string])[] = [
  ["page", "page"],
  ["cluster", "cluster"],
  ["type", "type"],
  ["namespace", "namespace"],
  ["inNamespace", "in"],
  ["name", "name"],
  ["filter", "filter"],
  ["labels", "labels"],
  ["sort", "sort"],
  ["tab", "tab"],
  ["alone", "view"],
];

export function parsePlace(search: string): Place {
  const query = new URLSearchParams(search);
  return Object.fromEntries(KEYS.map(([key, word]) => [key, query.get(word) ?? ""])) as unknown as Place;
}

export const NOWHERE = parsePlace("");

export function formatPlace(place: Place): string {
  const query = new URLSearchParams();
  for (const [key, word] of KEYS) if (place[key]) query.set(word, place[key]);
  const text = query.toString();
  return text ? `/?${text}` : "/";
}

/** What a tab is about: it stays one tab while this stays the same. Empty: nothing yet. */
export function subjectOf(place: Place): string {
  if (place.page) return `page ${place.page}`;
  if (!place.cluster || !place.type) return "";
  const table = `${place.cluster}/${place.type}`;
  return place.alone && place.name ? `object ${table}/${place.inNamespace}/${place.name}` : `table ${table}`;
}

/** Where a change leads from a place: to objects, unless a page is named. */
export function changed(from: Place, change: Partial<Place>): Place {
  return {
    ...from,
    ...("type" in change ? { page: "", sort: change.type === from.type ? from.sort : "" } : {}),
    // What one page was narrowed by says nothing to another.
    ...("page" in change && change.page !== from.page ? { filter: "", labels: "", tab: "" } : {}),
    ...("name" in change ? { tab: "", alone: "" } : {}),
    ...("type" in change || "cluster" in change ? { alone: "" } : {}),
    ...change,
  };
}
