/** A table's order as a word in an address: a column's title, "@name" or "@namespace", with "-" in front when it descends. */
import { BY_NAME, type Sort } from "./table-view";

const FIXED: readonly (readonly [string, number])[] = [["@name", -2], ["@namespace", -1]];

/** By name, where the word says nothing of a column that there is. */
export function sortFrom(word: string, titles: readonly string[]): Sort {
  const columnOf = (title: string) => FIXED.find(([name]) => name === title)?.[1] ?? titles.indexOf(title);
  for (const [title, isDescending] of [[word, false], [word.startsWith("-") ? word.slice(1) : "", true]] as const) {
    const column = columnOf(title);
    if (title && (column >= 0 || column < -1 || title === "@namespace")) return { column, isDescending };
  }
  return BY_NAME;
}

/** "" for the order that a table has by itself. */
export function sortWord({ column, isDescending }: Sort, titles: readonly string[]): string {
  if (column === BY_NAME.column && !isDescending) return "";
  const title = FIXED.find(([, fixed]) => fixed === column)?.[0] ?? titles[column] ?? "";
  return title && `${isDescending ? "-" : ""}${title}`;
}
