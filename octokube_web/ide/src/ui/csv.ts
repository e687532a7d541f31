/** A table as comma-separated values (RFC 4180). */
import type { Row } from "../table/row-store";
import type { GridColumn } from "./columns";

/** Spreadsheets run a cell that begins so as a formula; a quote before it makes it a text. */
const FORMULA = /^[=+\-@\t\r]/;

/** Instants are written as ISO 8601 in UTC. */
export function tableAsCsv(columns: readonly GridColumn[], rows: readonly Row[]): string {
  const lines = [columns.map(({ title }) => title)];
  for (const row of rows) {
    lines.push(
      columns.map(({ id, kind }) => {
        const value = id === -2 ? row.name : id === -1 ? row.namespace : id === -3 ? row.cluster : row.cells[id];
        if (value === undefined) return "";
        if (kind === "time" && typeof value === "number") return new Date(value * 1000).toISOString();
        return String(value);
      }),
    );
  }
  return lines.map((line) => line.map(quoted).join(",")).join("\r\n") + "\r\n";
}

function quoted(text: string): string {
  const safe = FORMULA.test(text) && !/^-?\d+(\.\d+)?$/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
