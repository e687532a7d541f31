/** What the palette offers for a text: commands, types, clusters, places; objects come from the worker. */
import type { Catalog, ClusterInfo, TypeInfo } from "../feed/messages";
import type { Place } from "../location";
import { titleOf } from "./format";

export interface Command {
  readonly title: string;
  /** Its keys, where it has any. */
  readonly keys?: string;
  readonly run: () => void;
}

export interface Offer {
  readonly id: string;
  readonly title: string;
  readonly detail: string;
  readonly choose: () => void;
}

/** What a text asks for: its first sign says in what. */
export type Asked =
  | { readonly in: "objects"; readonly text: string }
  | { readonly in: "commands" | "types" | "clusters" | "places"; readonly text: string };

const SIGNS: Record<string, "commands" | "types" | "clusters" | "places"> = { ">": "commands", "#": "types", "@": "clusters", ":": "places" };

export function askedBy(text: string): Asked {
  const where = SIGNS[text.charAt(0)];
  return where ? { in: where, text: text.slice(1).trim() } : { in: "objects", text: text.trim() };
}

/** How well a text answers what was typed: all its words occur, those at the beginning of a word first. Undefined: not at all. */
export function rank(text: string, typed: string): number | undefined {
  const held = text.toLowerCase();
  let worst = 0;
  for (const word of typed.toLowerCase().split(/\s+/).filter(Boolean)) {
    const at = held.indexOf(word);
    if (at < 0) return undefined;
    worst = Math.max(worst, at === 0 ? 0 : /[\s\-./(]/.test(held.charAt(at - 1)) ? 1 : 2);
  }
  return worst;
}

/** Those that answer what was typed, the best first; equals in the order they came in. */
export function ranked<T>(offers: readonly T[], typed: string, textOf: (offer: T) => string): T[] {
  return offers
    .flatMap((offer, index) => {
      const found = rank(textOf(offer), typed);
      return found === undefined ? [] : [{ offer, found, index }];
    })
    .sort((a, b) => a.found - b.found || a.index - b.index)
    .map(({ offer }) => offer);
}

/** The type that a person means by a word: its name, its kind, or a short name. */
export function typeMeant(cluster: ClusterInfo | undefined, word: string): TypeInfo | undefined {
  const wanted = word.toLowerCase();
  if (!wanted) return undefined;
  const types = cluster?.types ?? [];
  return (
    types.find((type) => type.type === wanted || type.shortNames.includes(wanted)) ??
    types.find((type) => type.kind.toLowerCase() === wanted || type.type.split(".")[0] === wanted) ??
    types.find((type) => type.type.startsWith(wanted))
  );
}

/** `:po team-a app` is the pods of team-a with "app" in them. */
export function placeMeant(cluster: ClusterInfo | undefined, text: string): { type: TypeInfo; change: Partial<Place> } | undefined {
  const [word = "", ...rest] = text.split(/\s+/).filter(Boolean);
  const type = typeMeant(cluster, word);
  if (!type) return undefined;
  const namespace = type.namespaced && rest[0] !== undefined && cluster?.namespaces.includes(rest[0]) ? rest.shift() : "";
  return { type, change: { type: type.type, namespace: namespace ?? "", name: "", inNamespace: "", filter: rest.join(" ") } };
}

export function typeOffers(cluster: ClusterInfo | undefined, typed: string, go: (change: Partial<Place>) => void): Offer[] {
  return ranked(cluster?.types ?? [], typed, (type) => [titleOf(type), type.type, ...type.shortNames].join(" ")).map((type) => ({
    id: `type ${type.type}`,
    title: titleOf(type),
    detail: type.type,
    choose: () => go({ type: type.type, namespace: "", name: "", inNamespace: "", filter: "" }),
  }));
}

export function clusterOffers(catalog: Catalog | undefined, typed: string, go: (change: Partial<Place>) => void): Offer[] {
  return ranked(catalog?.clusters ?? [], typed, ({ name }) => name).map(({ name, health }) => ({
    id: `cluster ${name}`,
    title: name,
    detail: health.condition,
    choose: () => go({ cluster: name, page: "", namespace: "", name: "", inNamespace: "", filter: "" }),
  }));
}

export function commandOffers(commands: readonly Command[], typed: string): Offer[] {
  return ranked(commands, typed, ({ title }) => title).map(({ title, keys, run }) => ({ id: `command ${title}`, title, detail: keys ?? "", choose: run }));
}
