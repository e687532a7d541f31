/** Turns an object's JSON into YAML lines of coloured parts. Nothing is lost but managedFields. */
import { stringify } from "yaml";

/** What the agent writes in place of secret content. */
export const REDACTED = "(redacted)";

export type PartKind = "indent" | "key" | "mark" | "text" | "word" | "number" | "redacted";

export interface Part {
  readonly kind: PartKind;
  readonly text: string;
}

const FIRST = ["apiVersion", "kind", "metadata"];
const LAST = ["status"];

export function yamlOf(body: string): string {
  const object = JSON.parse(body) as Record<string, unknown>;
  const metadata = object["metadata"];
  if (metadata && typeof metadata === "object") delete (metadata as Record<string, unknown>)["managedFields"];
  const middle = Object.keys(object).filter((key) => !FIRST.includes(key) && !LAST.includes(key));
  const ordered = Object.fromEntries(
    [...FIRST, ...middle, ...LAST].filter((key) => key in object).map((key) => [key, object[key]]),
  );
  return stringify(ordered, { lineWidth: 0, aliasDuplicateObjects: false }).trimEnd();
}

/** Splits YAML as `stringify` writes it: this reads that one dialect, not all of YAML. */
export function linesOf(yaml: string): Part[][] {
  let blockIndent = -1;
  return yaml.split("\n").map((line) => {
    const [, indent = "", rest = ""] = /^(\s*)(.*)$/.exec(line) ?? [];
    if (blockIndent >= 0) {
      if (rest === "" || indent.length > blockIndent) return [{ kind: "indent", text: indent }, ...valueParts(rest, "text")];
      blockIndent = -1;
    }
    const [, dashes = "", content = ""] = /^((?:- +)*)(.*)$/.exec(rest) ?? [];
    const parts: Part[] = [{ kind: "indent", text: indent }];
    if (dashes) parts.push({ kind: "mark", text: dashes });
    const pair = /^("(?:[^"\\]|\\.)*"|'[^']*'|[^"'\s#][^#]*?):(\s+.*|)$/.exec(content);
    const value = pair ? (pair[2] as string).trimStart() : content;
    if (/^[|>][-+\d]*$/.test(value)) blockIndent = indent.length + (pair ? dashes.length : 0);
    if (pair) {
      parts.push({ kind: "key", text: pair[1] as string }, { kind: "mark", text: ":" });
      if (value) parts.push({ kind: "indent", text: " " });
    }
    if (value) parts.push(...valueParts(value, kindOf(value)));
    return parts;
  });
}

function kindOf(value: string): PartKind {
  if (/^-?\d+(\.\d+)?$/.test(value)) return "number";
  if (/^(true|false|null|~)$/.test(value)) return "word";
  if (/^([|>][-+\d]*|\[\]|\{\})$/.test(value)) return "mark";
  return "text";
}

function valueParts(value: string, kind: PartKind): Part[] {
  const parts: Part[] = [];
  value.split(REDACTED).forEach((text, index) => {
    if (index > 0) parts.push({ kind: "redacted", text: REDACTED });
    if (text) parts.push({ kind, text });
  });
  return parts;
}

/** Which lines of `next` are new against `former`: a hint for the eye, cheap rather than minimal. */
export function changedLines(former: readonly string[], next: readonly string[]): Set<number> {
  let start = 0;
  while (start < next.length && start < former.length && former[start] === next[start]) start++;
  let tail = 0;
  while (
    tail < next.length - start &&
    tail < former.length - start &&
    former[former.length - 1 - tail] === next[next.length - 1 - tail]
  )
    tail++;
  const known = new Set(former.slice(start, former.length - tail));
  const changed = new Set<number>();
  for (let index = start; index < next.length - tail; index++) if (!known.has(next[index] as string)) changed.add(index);
  return changed;
}
