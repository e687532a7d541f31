/** Puts nodes into columns, by how far they are from the left, and close to what they hang together with. */
import { groupBy } from "../group-by";
import type { Edge, Node } from "./graph";

export interface Placed {
  readonly node: Node;
  readonly column: number;
  /** In rows, and parts of them. */
  readonly row: number;
}

const SWEEPS = 4;
/** What hangs together with nothing stands side by side, in so many columns at least. */
const LEAST_COLUMNS = 4;

/** Deterministic: the same graph is drawn the same. What hangs together stands together, one such below the other. */
export function placed(nodes: readonly Node[], edges: readonly Edge[]): readonly Placed[] {
  const sorted = [...nodes].sort(compare);
  const ids = new Set(sorted.map(({ id }) => id));
  const kept = edges.filter(({ from, to }) => ids.has(from) && ids.has(to));
  const parts = componentsOf(sorted, kept);
  const edgesOf = groupBy(kept, ({ from }) => parts.get(from));
  const found: Placed[] = [];
  const alone: Node[] = [];
  let top = 0;
  for (const [part, members] of groupBy(sorted, ({ id }) => parts.get(id))) {
    if (members.length === 1 && members[0]) {
      alone.push(members[0]);
      continue;
    }
    const block = together(members, edgesOf.get(part) ?? []);
    for (const one of block) found.push({ ...one, row: one.row + top });
    top = Math.max(...found.map(({ row }) => row)) + 1;
  }
  const columns = Math.max(LEAST_COLUMNS, ...found.map(({ column }) => column + 1));
  alone.forEach((node, index) => found.push({ node, column: index % columns, row: top + Math.floor(index / columns) }));
  return found;
}

/** For each node the first of those that it hangs together with, at whatever distance. */
function componentsOf(nodes: readonly Node[], edges: readonly Edge[]): ReadonlyMap<string, string> {
  const beside = groupBy(edges.flatMap(({ from, to }) => [[from, to] as const, [to, from] as const]), ([id]) => id);
  const found = new Map<string, string>();
  for (const { id } of nodes) {
    if (found.has(id)) continue;
    const open = [id];
    found.set(id, id);
    for (let now = open.pop(); now !== undefined; now = open.pop()) {
      for (const [, next] of beside.get(now) ?? []) {
        if (found.has(next)) continue;
        found.set(next, id);
        open.push(next);
      }
    }
  }
  return found;
}

function together(nodes: readonly Node[], edges: readonly Edge[]): readonly Placed[] {
  const columnOf = columnsOf(nodes, edges);
  const before = groupBy(edges, ({ to }) => to);
  const after = groupBy(edges, ({ from }) => from);
  const columns: Node[][] = [];
  for (const node of nodes) (columns[columnOf.get(node.id) ?? 0] ??= []).push(node);
  const rowOf = new Map<string, number>();
  const settle = (column: Node[]) => column.forEach(({ id }, row) => rowOf.set(id, row));
  for (let index = 0; index < columns.length; index++) settle((columns[index] ??= []));
  const rowsBeside = (id: string, isForth: boolean) =>
    ((isForth ? before.get(id)?.map(({ from }) => from) : after.get(id)?.map(({ to }) => to)) ?? []).map((one) => rowOf.get(one) ?? 0);
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    const isForth = sweep % 2 === 0;
    for (const column of isForth ? columns : [...columns].reverse()) {
      const weight = new Map(column.map(({ id }) => {
        const rows = rowsBeside(id, isForth);
        return [id, rows.length > 0 ? rows.reduce((sum, row) => sum + row, 0) / rows.length : (rowOf.get(id) ?? 0)];
      }));
      column.sort((a, b) => (weight.get(a.id) ?? 0) - (weight.get(b.id) ?? 0) || compare(a, b));
      settle(column);
    }
  }
  // In this order, each as high as the middle of what it leads to, as far as those above it leave room.
  for (const column of [...columns].reverse()) {
    let next = 0;
    for (const { id } of column) {
      const rows = rowsBeside(id, false);
      const row = Math.max(next, rows.length > 0 ? (Math.min(...rows) + Math.max(...rows)) / 2 : next);
      rowOf.set(id, row);
      next = row + 1;
    }
  }
  return columns.flatMap((column, index) => column.map((node) => ({ node, column: index, row: rowOf.get(node.id) ?? 0 })));
}

/** A node stands right of everything that leads to it; circles are cut where they were entered. */
function columnsOf(nodes: readonly Node[], edges: readonly Edge[]): ReadonlyMap<string, number> {
  const before = groupBy(edges, ({ to }) => to);
  const found = new Map<string, number>();
  const open = new Set<string>();
  const visit = (id: string): number => {
    const known = found.get(id);
    if (known !== undefined) return known;
    if (open.has(id)) return 0;
    open.add(id);
    const column = Math.max(0, ...(before.get(id) ?? []).map(({ from }) => visit(from) + 1));
    open.delete(id);
    found.set(id, column);
    return column;
  };
  for (const { id } of nodes) visit(id);
  return found;
}

function compare(a: Node, b: Node): number {
  return a.namespace.localeCompare(b.namespace) || a.type.localeCompare(b.type) || a.name.localeCompare(b.name) || a.id.localeCompare(b.id);
}
