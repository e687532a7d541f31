/** How grave a line of a log is, by the words that programs write for it; and when it was written. */

export type Level = "error" | "warning" | "info" | "debug";

const WORDS: Record<string, Level> = {
  fatal: "error", panic: "error", critical: "error", crit: "error", alert: "error", emerg: "error", error: "error", err: "error", severe: "error",
  warning: "warning", warn: "warning", notice: "info", info: "info", information: "info", debug: "debug", trace: "debug", verbose: "debug",
};
const NUMBERS: readonly (readonly [number, Level])[] = [[50, "error"], [40, "warning"], [30, "info"], [0, "debug"]];
/** klog, as Kubernetes' own programs write: I0302 10:00:00.000000 */
const KLOG = /^([IWEFD])\d{4} \d\d:\d\d:\d\d/;
const KLOG_LEVELS: Record<string, Level> = { I: "info", W: "warning", E: "error", F: "error", D: "debug" };
const FIELD = /["']?\b(?:level|lvl|severity|loglevel|log\.level)\b["']?\s*[=:]\s*["']?([A-Za-z]+|\d+)/i;
const WORD = /\b(FATAL|PANIC|CRITICAL|CRIT|SEVERE|ERROR|ERR|WARNING|WARN|NOTICE|INFO|DEBUG|TRACE)\b|\[(fatal|panic|critical|crit|severe|error|err|warning|warn|notice|info|debug|trace)\]/;
/** Words stand at the beginning; what comes later is what the line is about. */
const LOOKED_AT = 160;

/** Undefined where the line says nothing of it. */
export function levelOf(text: string): Level | undefined {
  const klog = KLOG.exec(text);
  if (klog) return KLOG_LEVELS[klog[1] ?? ""];
  const field = FIELD.exec(text)?.[1];
  if (field) {
    // Bunyan and pino number their levels.
    if (/^\d+$/.test(field)) return NUMBERS.find(([least]) => Number(field) >= least)?.[1];
    return WORDS[field.toLowerCase()];
  }
  const word = WORD.exec(text.slice(0, LOOKED_AT));
  return word ? WORDS[(word[1] ?? word[2] ?? "").toLowerCase()] : undefined;
}

const RANK: Record<Level, number> = { error: 3, warning: 2, info: 1, debug: 0 };

/** Whether a line is at least so grave. One that does not say counts as information. */
export function isAtLeast(text: string, least: Level): boolean {
  return RANK[levelOf(text) ?? "info"] >= RANK[least];
}

const STAMP = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)) ?/;

/** Parts the time that the cluster puts before a line from what the program wrote. */
export function stamped(line: string): { readonly at: number; readonly text: string } {
  const stamp = STAMP.exec(line);
  const at = stamp ? Date.parse(stamp[1] ?? "") : NaN;
  return stamp && Number.isFinite(at) ? { at, text: line.slice(stamp[0].length) } : { at: 0, text: line };
}

/** A line that is JSON, or ends with it, as an indented text; undefined otherwise. */
export function expanded(text: string): string | undefined {
  const start = text.search(/[[{]/);
  if (start < 0) return undefined;
  try {
    const found = JSON.parse(text.slice(start)) as unknown;
    if (typeof found !== "object" || found === null) return undefined;
    return (start > 0 ? `${text.slice(0, start).trimEnd()}\n` : "") + JSON.stringify(found, null, 2);
  } catch {
    return undefined;
  }
}

/** The parts of a text, those that a word or an expression finds marked. */
export function marked(text: string, filter: string): readonly { readonly text: string; readonly isFound: boolean }[] {
  const expression = filter && !filter.startsWith("!") ? expressionOf(filter) : undefined;
  if (!expression) return [{ text, isFound: false }];
  const parts: { text: string; isFound: boolean }[] = [];
  let from = 0;
  for (const match of text.matchAll(expression)) {
    if (match[0] === "") break;
    if (match.index > from) parts.push({ text: text.slice(from, match.index), isFound: false });
    parts.push({ text: match[0], isFound: true });
    from = match.index + match[0].length;
  }
  if (from < text.length || parts.length === 0) parts.push({ text: text.slice(from), isFound: false });
  return parts;
}

function expressionOf(filter: string): RegExp | undefined {
  const pattern = /^\/(.+)\/(i?)$/.exec(filter);
  try {
    return pattern ? new RegExp(pattern[1] ?? "", `g${pattern[2]}`) : new RegExp(filter.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"), "gi");
  } catch {
    return undefined; // while it is being typed it is none yet
  }
}
