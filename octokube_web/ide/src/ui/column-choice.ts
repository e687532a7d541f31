/** Which columns a person wants of a type, and in which order; remembered in this browser, for each person and type. */
import type { ColumnInfo, TypeInfo } from "../feed/messages";

export interface ColumnChoice {
  /** Titles in the order wanted; columns that it does not name follow in their own. */
  readonly order: readonly string[];
  /** Titles that are shown or hidden against what their priority says. */
  readonly shown: readonly string[];
  readonly hidden: readonly string[];
}

export const AS_GIVEN: ColumnChoice = { order: [], shown: [], hidden: [] };

const keyOf = (subject: string, type: string) => `octokube.columns.${subject}.${type}`;

export function rememberedChoice(subject: string, type: string): ColumnChoice {
  try {
    const held: unknown = JSON.parse(localStorage.getItem(keyOf(subject, type)) ?? "null");
    const texts = (value: unknown) => (Array.isArray(value) ? value.filter((one): one is string => typeof one === "string") : []);
    const { order, shown, hidden } = (held ?? {}) as Record<string, unknown>;
    return { order: texts(order), shown: texts(shown), hidden: texts(hidden) };
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return AS_GIVEN;
  }
}

export function rememberChoice(subject: string, type: string, choice: ColumnChoice): void {
  if (choice === AS_GIVEN) localStorage.removeItem(keyOf(subject, type));
  else localStorage.setItem(keyOf(subject, type), JSON.stringify(choice));
}

export function isShown(column: ColumnInfo, choice: ColumnChoice): boolean {
  if (choice.shown.includes(column.name)) return true;
  return column.priority <= 0 && !choice.hidden.includes(column.name);
}

/** The indexes of a type's columns in the order wanted, hidden ones too. */
export function orderedColumns(type: Pick<TypeInfo, "columns"> | undefined, choice: ColumnChoice): number[] {
  const columns = type?.columns ?? [];
  const rank = (index: number) => {
    const at = choice.order.indexOf(columns[index]?.name ?? "");
    return at < 0 ? choice.order.length + index : at;
  };
  return columns.map((_, index) => index).sort((a, b) => rank(a) - rank(b));
}

export function toggled(choice: ColumnChoice, column: ColumnInfo): ColumnChoice {
  const without = (list: readonly string[]) => list.filter((one) => one !== column.name);
  return isShown(column, choice)
    ? { ...choice, shown: without(choice.shown), hidden: [...without(choice.hidden), column.name] }
    : { ...choice, shown: [...without(choice.shown), column.name], hidden: without(choice.hidden) };
}

/** With the column one place further to the front or the back. */
export function moved(choice: ColumnChoice, type: Pick<TypeInfo, "columns">, index: number, step: -1 | 1): ColumnChoice {
  const order = orderedColumns(type, choice);
  const at = order.indexOf(index);
  const other = order[at + step];
  if (other === undefined) return choice;
  order[at + step] = index;
  order[at] = other;
  return { ...choice, order: order.map((one) => type.columns[one]?.name ?? "") };
}
