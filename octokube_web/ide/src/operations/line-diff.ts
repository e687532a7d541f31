/** Compares two texts line by line, for people who review a change. */
export interface DiffLine {
  readonly kind: "same" | "gone" | "new";
  readonly text: string;
}

/** Above this many differing lines on both sides the middle is told as replaced: nobody reads so much. */
const LIMIT = 3000;

export function lineDiff(before: string, after: string): DiffLine[] {
  const a = before.split("\n");
  const b = after.split("\n");
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start++;
  let end = 0;
  while (end < a.length - start && end < b.length - start && a[a.length - 1 - end] === b[b.length - 1 - end]) end++;
  const same = (lines: readonly string[]): DiffLine[] => lines.map((text) => ({ kind: "same", text }));
  const middle = between(a.slice(start, a.length - end), b.slice(start, b.length - end));
  return [...same(a.slice(0, start)), ...middle, ...same(a.slice(a.length - end))];
}

/** The longest common lines stay; the others are gone, or new. */
function between(a: readonly string[], b: readonly string[]): DiffLine[] {
  const gone = (text: string): DiffLine => ({ kind: "gone", text });
  const fresh = (text: string): DiffLine => ({ kind: "new", text });
  if (a.length > LIMIT || b.length > LIMIT) return [...a.map(gone), ...b.map(fresh)];
  const width = b.length + 1;
  const lengths = new Uint16Array((a.length + 1) * width);
  for (let row = a.length - 1; row >= 0; row--) {
    for (let column = b.length - 1; column >= 0; column--) {
      lengths[row * width + column] =
        a[row] === b[column]
          ? (lengths[(row + 1) * width + column + 1] ?? 0) + 1
          : Math.max(lengths[(row + 1) * width + column] ?? 0, lengths[row * width + column + 1] ?? 0);
    }
  }
  const lines: DiffLine[] = [];
  let row = 0;
  let column = 0;
  while (row < a.length && column < b.length) {
    if (a[row] === b[column]) {
      lines.push({ kind: "same", text: a[row] ?? "" });
      row++;
      column++;
    } else if ((lengths[(row + 1) * width + column] ?? 0) >= (lengths[row * width + column + 1] ?? 0)) {
      lines.push(gone(a[row++] ?? ""));
    } else {
      lines.push(fresh(b[column++] ?? ""));
    }
  }
  return [...lines, ...a.slice(row).map(gone), ...b.slice(column).map(fresh)];
}

/** What changed, with a few lines around it; "skipped" stands for those between. */
export function hunks(lines: readonly DiffLine[], around = 3): (DiffLine | "skipped")[] {
  const isNear = new Uint8Array(lines.length);
  lines.forEach((line, index) => {
    if (line.kind === "same") return;
    for (let near = Math.max(0, index - around); near <= Math.min(lines.length - 1, index + around); near++) isNear[near] = 1;
  });
  const shown: (DiffLine | "skipped")[] = [];
  lines.forEach((line, index) => {
    if (isNear[index]) shown.push(line);
    else if (shown.at(-1) !== "skipped") shown.push("skipped");
  });
  return shown;
}
