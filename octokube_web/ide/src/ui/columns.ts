/** Decides which columns a table has and how wide they are. */
import type { ColumnInfo, TypeInfo } from "../feed/messages";
import type { Measure } from "../usage/history";
import { isShown, orderedColumns, type ColumnChoice } from "./column-choice";
import type { Row } from "../table/row-store";

export interface GridColumn {
  /** As in Sort: -2 name, -1 namespace, else the cell's index. */
  readonly id: number;
  readonly title: string;
  readonly kind: ColumnInfo["kind"];
  readonly description: string;
  /** What is drawn of the row's use, which is no cell of its own. */
  readonly usage?: Measure;
}

const USAGE: readonly GridColumn[] = [
  { id: -10, title: "CPU", kind: "number", description: "What it uses, and how that came about since the table was opened.", usage: "cpu" },
  { id: -11, title: "Memory", kind: "number", description: "What it uses, and how that came about since the table was opened.", usage: "memory" },
];

export function columnsOf(type: TypeInfo | undefined, hasNamespace: boolean, choice: ColumnChoice, hasUsage = false): GridColumn[] {
  const columns: GridColumn[] = [{ id: -2, title: "Name", kind: "text", description: "" }];
  if (hasNamespace) columns.push({ id: -1, title: "Namespace", kind: "text", description: "" });
  for (const id of orderedColumns(type, choice)) {
    const column = type?.columns[id];
    if (column && isShown(column, choice)) columns.push({ id, title: column.name, kind: column.kind, description: column.description });
  }
  // Before the age, which people expect at the end.
  if (hasUsage) columns.splice(columns.at(-1)?.kind === "time" ? -1 : columns.length, 0, ...USAGE);
  return columns;
}

const PADDING = 26;
const SAMPLE = 200;
const USAGE_WIDTH = 128;

let measured = 0;

/** How wide a character of a typical name is, in the font that the page has got. */
function characterWidth(): number {
  if (measured === 0) {
    const sample = "settlement-worker-0436643268-5dxkq";
    const context = document.createElement("canvas").getContext("2d");
    if (context) context.font = getComputedStyle(document.body).font;
    measured = (context?.measureText(sample).width ?? 7 * sample.length) / sample.length + 0.1;
  }
  return measured;
}

/** The least width of each column in pixels, from what a sample of its cells needs. */
export function widthsOf(columns: readonly GridColumn[], sample: readonly Row[], isNarrow: boolean): number[] {
  return columns.map((column) => {
    if (column.usage) return USAGE_WIDTH;
    let characters = column.title.length + 2;
    for (const row of sample.slice(0, SAMPLE)) {
      const text = column.id === -2 ? row.name : column.id === -1 ? row.namespace : row.cells[column.id];
      const length = column.kind === "time" ? 6 : String(text ?? "").length + (column.kind === "status" ? 3 : 0);
      characters = Math.max(characters, length);
    }
    const limit = column.id === -2 ? (isNarrow ? 190 : 420) : 260;
    return Math.round(Math.min(limit, Math.max(64, characters * characterWidth() + PADDING)));
  });
}

/** Text takes what room is left; the rest keeps its width. */
export function templateOf(columns: readonly GridColumn[], widths: readonly number[]): string {
  return columns
    .map(({ id, kind }, index) => {
      const width = widths[index];
      return id === -2 || kind === "text" || kind === "status" ? `minmax(${width}px, ${width}fr)` : `${width}px`;
    })
    .join(" ");
}
