/**
 * The language of a table's filter, and what it means for a row.
 *
 * Terms are separated by blanks, and all have to hold: `web` occurs in the name, the namespace or a text; `"not ready"` with
 * its blank; `/^web-\d+$/` as a regular expression, of any of them; `status:running` in that column alone, where `*` stands
 * for anything and `status:running,pending` for either, `restarts:>3` for numbers; and a `-` before any of these asks for the contrary.
 */
import type { RowStore } from "./row-store";

/** A term that no row can be asked about, with a sentence that says why. */
export class BadQuery extends Error {}

export interface Query {
  readonly isEmpty: boolean;
  matches(rows: RowStore, slot: number): boolean;
}

interface Term {
  readonly isNegated: boolean;
  holds(rows: RowStore, slot: number): boolean;
}

const TERM = /(-?)(?:\/((?:\\.|[^\\/])+)\/(?=\s|$)|([^\s":]+):"([^"]*)"?|"([^"]*)"?|(\S+))/g;

/** `columns`: the titles of the cells, by index. Throws BadQuery. */
export function parseQuery(text: string, columns: readonly string[]): Query {
  const terms: Term[] = [];
  for (const match of text.matchAll(TERM)) {
    const [, minus, pattern, titled, quotedValue, quoted, word] = match;
    const isNegated = minus === "-";
    if (pattern !== undefined) terms.push({ isNegated, holds: matching(regularExpression(pattern)) });
    else if (titled !== undefined) terms.push({ isNegated, holds: titledTerm(titled, quotedValue ?? "", columns) ?? containing(`${titled}:${quotedValue ?? ""}`) });
    else if (quoted !== undefined) terms.push({ isNegated, holds: containing(quoted) });
    else if (word !== undefined) {
      const colon = word.indexOf(":");
      const titledHolds = colon > 0 ? titledTerm(word.slice(0, colon), word.slice(colon + 1), columns) : undefined;
      terms.push({ isNegated, holds: titledHolds ?? containing(word) });
    }
  }
  return {
    isEmpty: terms.length === 0,
    matches: (rows, slot) => terms.every((term) => term.holds(rows, slot) !== term.isNegated),
  };
}

/** How a column is called in a filter: no blanks, small letters. */
export function columnWord(title: string): string {
  return title.toLowerCase().replace(/\s+/g, "-");
}

/** The values that a filter asks for in a column, in small letters; empty when it asks for none. */
export function valuesAskedFor(filter: string, title: string): readonly string[] {
  const term = findTerm(filter, title);
  return term ? term.value.toLowerCase().split(",") : [];
}

/** The filter that asks for this value of a column too, or not any more. */
export function toggleValue(filter: string, title: string, value: string): string {
  const wanted = value.toLowerCase().replaceAll(/[",]/g, "*");
  const term = findTerm(filter, title);
  const former = term ? term.value.toLowerCase().split(",") : [];
  const next = former.includes(wanted) ? former.filter((one) => one !== wanted) : [...former, wanted];
  const list = next.join(",");
  const text = next.length === 0 ? "" : `${columnWord(title)}:${/\s/.test(list) ? `"${list}"` : list}`;
  const before = term ? filter.slice(0, term.start) : filter;
  const after = term ? filter.slice(term.end) : "";
  return [before.trim(), text, after.trim()].filter(Boolean).join(" ");
}

function findTerm(filter: string, title: string): { start: number; end: number; value: string } | undefined {
  const wanted = `${columnWord(title)}:`;
  for (const match of filter.matchAll(TERM)) {
    const [whole, minus, , titled, quotedValue, , word] = match;
    const found =
      titled !== undefined && `${titled.toLowerCase()}:` === wanted
        ? quotedValue
        : word?.toLowerCase().startsWith(wanted)
          ? word.slice(wanted.length)
          : undefined;
    if (minus === "" && found !== undefined) return { start: match.index, end: match.index + whole.length, value: found };
  }
  return undefined;
}

function regularExpression(pattern: string): RegExp {
  try {
    return new RegExp(pattern, "iu");
  } catch (error) {
    throw new BadQuery(`/${pattern}/ is no regular expression: ${error instanceof Error ? error.message.replace(/^.*: /, "") : "it can't be read"}`);
  }
}

/** Whether one of the row's texts says so; `ask` gets them in small letters. */
function anyText(rows: RowStore, slot: number, ask: (text: string) => boolean): boolean {
  if (ask(rows.name(slot).toLowerCase()) || ask(rows.namespace(slot))) return true;
  for (let column = 0; column < rows.width(slot); column++) {
    const text = rows.searchText(slot, column);
    if (text !== undefined && ask(text)) return true;
  }
  return false;
}

function containing(word: string): Term["holds"] {
  const wanted = word.toLowerCase();
  const ask = (text: string) => text.includes(wanted);
  return (rows, slot) => anyText(rows, slot, ask);
}

function matching(expression: RegExp): Term["holds"] {
  const ask = (text: string) => expression.test(text);
  return (rows, slot) => anyText(rows, slot, ask);
}

/** Undefined when there is no such column: then it is a text with a colon in it. */
function titledTerm(title: string, value: string, columns: readonly string[]): Term["holds"] | undefined {
  const wanted = title.toLowerCase();
  const asks = asking(value.toLowerCase());
  if (wanted === "name") return (rows, slot) => asks(rows.name(slot).toLowerCase());
  if (wanted === "namespace" || wanted === "ns") return (rows, slot) => asks(rows.namespace(slot));
  if (wanted === "cluster") return (rows, slot) => asks(rows.cluster(slot));
  const column = columns.findIndex((one) => columnWord(one) === wanted);
  if (column < 0) return undefined;
  const comparison = /^(<=|>=|<|>|=)(-?\d+(?:\.\d+)?)$/.exec(value);
  if (comparison) {
    const [, sign, number] = comparison as unknown as [string, string, string];
    const limit = Number(number);
    return (rows, slot) => {
      const held = rows.cell(slot, column);
      return typeof held === "number" && compares(held, sign, limit);
    };
  }
  return (rows, slot) => {
    const held = rows.cell(slot, column);
    if (held === undefined || held === "") return asks("");
    return asks(rows.searchText(slot, column) ?? (typeof held === "boolean" ? (held ? "yes" : "no") : String(held)));
  };
}

function compares(held: number, sign: string, limit: number): boolean {
  switch (sign) {
    case "<":
      return held < limit;
    case "<=":
      return held <= limit;
    case ">":
      return held > limit;
    case ">=":
      return held >= limit;
    default:
      return held === limit;
  }
}

function asking(value: string): (text: string) => boolean {
  if (value.includes(",")) {
    const each = value.split(",").map(asking);
    return (text) => each.some((asks) => asks(text));
  }
  if (!value.includes("*")) return (text) => text === value;
  const escaped = value.split("*").map((part) => part.replace(/[.+?^${}()|[\]\\]/g, "\\$&"));
  const expression = new RegExp(`^${escaped.join(".*")}$`, "su");
  return (text) => expression.test(text);
}
