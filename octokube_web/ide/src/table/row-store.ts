/** The rows of a feed in columns: one number and one kind a cell, each distinct text once. Runs in the worker. */
import { forgetLastMatch } from "../state/last-match";
import { nameKey, type ObjectStore } from "../state/object-store";
import { idOf, type CellValue, type Viewed } from "../state/viewed";
import { Dictionary, natural } from "./dictionary";

const NONE = 0;
const NUMBER = 1;
const TEXT = 2;
const FLAG = 3;

/** A bit for each of the first columns, and one for all that follow. */
const LAST_BIT = 30;

export function bitOf(column: number): number {
  return 1 << Math.min(column, LAST_BIT);
}

/** One row as it crosses to the page. */
export interface Row {
  /** Where it lies; another row may lie there later, in another revision. */
  readonly slot: number;
  readonly revision: number;
  /** The whole key and the cluster as one text. */
  readonly id: string;
  readonly cluster: string;
  readonly type: string;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly cells: readonly CellValue[];
}

export interface RowListener {
  /** The row in this slot is about to change or to leave. */
  changing(slot: number): void;
  /** It has arrived, has changed in the columns of these bits, or has left. */
  changed(slot: number, what: "arrived" | "left" | number): void;
}

class Column {
  values = new Float64Array(0);
  kinds = new Uint8Array(0);

  grow(capacity: number): void {
    const { values, kinds } = this;
    this.values = new Float64Array(capacity);
    this.values.set(values);
    this.kinds = new Uint8Array(capacity);
    this.kinds.set(kinds);
  }
}

/**
 * Rows of any clusters and types, in slots that are used again. Of a row that has left nothing remains.
 *
 * Memory is O(rows × columns + distinct texts). Every method is O(columns) at most, but those over all rows.
 */
export class RowStore {
  private readonly slots = new Map<string, number>();
  private readonly columns: Column[] = [];
  private readonly texts = new Dictionary();
  private readonly clusters: number[] = [];
  private readonly types: number[] = [];
  private readonly namespaces: number[] = [];
  private readonly names: (string | undefined)[] = [];
  private readonly naturalNames: (string | undefined)[] = [];
  private readonly uids: string[] = [];
  private readonly resourceVersions: string[] = [];
  private readonly revisions: number[] = [];
  /** How many cells each row came with. */
  private readonly widths: number[] = [];
  private readonly free: number[] = [];
  private capacity = 0;
  private used = 0;
  private lastRevision = 0;
  private readonly listeners = new Set<RowListener>();

  get size(): number {
    return this.slots.size;
  }

  /** How many distinct texts the cells hold. */
  get textCount(): number {
    return this.texts.size;
  }

  /** The rows of one cluster, as its receiver's copy. */
  ofCluster(cluster: string): ObjectStore {
    return new ClusterRows(this, cluster);
  }

  listen(listener: RowListener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  *allSlots(): Iterable<number> {
    yield* this.slots.values();
  }

  has(slot: number): boolean {
    return this.names[slot] !== undefined;
  }

  slotNamed(cluster: string, type: string, namespace: string, name: string): number | undefined {
    return this.slots.get(`${cluster}\n${nameKey(type, namespace, name)}`);
  }

  /** The slot of a row's id, uid included. */
  slotOf(id: string): number | undefined {
    const end = id.lastIndexOf("\n");
    const slot = this.slots.get(id.slice(0, end));
    return slot !== undefined && this.uids[slot] === id.slice(end + 1) ? slot : undefined;
  }

  row(slot: number): Row {
    const cluster = this.cluster(slot);
    const key = { type: this.type(slot), namespace: this.namespace(slot), name: this.name(slot), uid: this.uids[slot] as string };
    return {
      slot,
      revision: this.revisions[slot] as number,
      id: `${cluster}\n${idOf(key)}`,
      cluster,
      ...key,
      resourceVersion: this.resourceVersions[slot] as string,
      cells: this.cells(slot),
    };
  }

  cluster = (slot: number): string => this.texts.text(this.clusters[slot] as number);
  type = (slot: number): string => this.texts.text(this.types[slot] as number);
  namespace = (slot: number): string => this.texts.text(this.namespaces[slot] as number);
  name = (slot: number): string => this.names[slot] as string;
  uid = (slot: number): string => this.uids[slot] as string;
  revision = (slot: number): number => this.revisions[slot] as number;
  resourceVersion = (slot: number): string => this.resourceVersions[slot] as string;
  naturalName = (slot: number): string => (this.naturalNames[slot] ??= natural(this.name(slot)));
  width = (slot: number): number => this.widths[slot] as number;

  cell(slot: number, column: number): CellValue {
    const at = this.columns[column];
    if (!at || column >= this.width(slot)) return undefined;
    const value = at.values[slot] as number;
    switch (at.kinds[slot]) {
      case NUMBER:
        return value;
      case TEXT:
        return this.texts.text(value);
      case FLAG:
        return value === 1;
      default:
        return undefined;
    }
  }

  /** What the cell sorts by: texts with their numbers at equal length; undefined comes last. */
  sortValue(slot: number, column: number): string | number | undefined {
    const at = this.columns[column];
    if (!at || column >= this.width(slot)) return undefined;
    const value = at.values[slot] as number;
    const kind = at.kinds[slot];
    if (kind !== TEXT) return kind === NONE ? undefined : value;
    return this.texts.natural(value) || undefined;
  }

  /** The cell as it is searched, if it is a text. */
  searchText(slot: number, column: number): string | undefined {
    const at = this.columns[column] as Column;
    return at.kinds[slot] === TEXT ? this.texts.lower(at.values[slot] as number) : undefined;
  }

  cells(slot: number): CellValue[] {
    return Array.from({ length: this.width(slot) }, (_, column) => this.cell(slot, column));
  }

  put(cluster: string, object: Viewed): void {
    const name = `${cluster}\n${nameKey(object.type, object.namespace, object.name)}`;
    const held = this.slots.get(name);
    if (held === undefined) {
      this.arrive(name, cluster, object);
      return;
    }
    if (this.uids[held] !== object.uid) throw new Error(`${object.type} ${object.namespace}/${object.name} is held under another uid`);
    for (const listener of this.listeners) listener.changing(held);
    const bits = this.write(held, object);
    for (const listener of this.listeners) listener.changed(held, bits);
  }

  remove(slot: number): void {
    for (const listener of this.listeners) listener.changing(slot);
    const name = `${this.cluster(slot)}\n${nameKey(this.type(slot), this.namespace(slot), this.name(slot))}`;
    this.slots.delete(name);
    for (let column = 0; column < this.width(slot); column++) this.erase(slot, column);
    for (const code of [this.clusters[slot], this.types[slot], this.namespaces[slot]]) this.texts.release(code as number);
    this.names[slot] = this.naturalNames[slot] = undefined;
    this.uids[slot] = this.resourceVersions[slot] = "";
    this.widths[slot] = 0;
    this.free.push(slot);
    forgetLastMatch();
    for (const listener of this.listeners) listener.changed(slot, "left");
  }

  isSame(slot: number, object: Viewed): boolean {
    if (this.resourceVersion(slot) !== object.resourceVersion || this.width(slot) !== object.cells.length) return false;
    return object.cells.every((cell, column) => cell === this.cell(slot, column));
  }

  private arrive(name: string, cluster: string, object: Viewed): void {
    const slot = this.free.pop() ?? this.used++;
    if (slot >= this.capacity) {
      this.capacity = Math.max(64, this.capacity * 2);
      for (const column of this.columns) column.grow(this.capacity);
    }
    this.slots.set(name, slot);
    this.clusters[slot] = this.texts.take(cluster);
    this.types[slot] = this.texts.take(object.type);
    this.namespaces[slot] = this.texts.take(object.namespace);
    this.names[slot] = object.name;
    this.naturalNames[slot] = undefined;
    this.uids[slot] = object.uid;
    this.widths[slot] = 0;
    this.write(slot, object);
    for (const listener of this.listeners) listener.changed(slot, "arrived");
  }

  /** Returns the bits of the columns that have changed. */
  private write(slot: number, object: Viewed): number {
    const { cells } = object;
    let bits = 0;
    for (let column = cells.length; column < this.width(slot); column++) {
      this.erase(slot, column);
      bits |= bitOf(column);
    }
    while (this.columns.length < cells.length) {
      const column = new Column();
      column.grow(this.capacity);
      this.columns.push(column);
    }
    for (let column = 0; column < cells.length; column++) {
      const cell = cells[column];
      if (column < this.width(slot) && cell === this.cell(slot, column)) continue;
      this.erase(slot, column);
      this.set(slot, column, cell);
      bits |= bitOf(column);
    }
    this.widths[slot] = cells.length;
    this.resourceVersions[slot] = object.resourceVersion;
    this.revisions[slot] = ++this.lastRevision;
    return bits;
  }

  private set(slot: number, column: number, cell: CellValue): void {
    const at = this.columns[column] as Column;
    if (typeof cell === "string") {
      at.kinds[slot] = TEXT;
      at.values[slot] = this.texts.take(cell);
    } else if (typeof cell === "number") {
      at.kinds[slot] = NUMBER;
      at.values[slot] = cell;
    } else if (typeof cell === "boolean") {
      at.kinds[slot] = FLAG;
      at.values[slot] = cell ? 1 : 0;
    }
  }

  private erase(slot: number, column: number): void {
    const at = this.columns[column] as Column;
    if (at.kinds[slot] === TEXT) this.texts.release(at.values[slot] as number);
    at.kinds[slot] = NONE;
    at.values[slot] = 0;
  }
}

/** One cluster's part of the rows. */
class ClusterRows implements ObjectStore {
  private readonly held = new Set<number>();

  constructor(
    private readonly rows: RowStore,
    private readonly cluster: string,
  ) {}

  get size(): number {
    return this.held.size;
  }

  *all(): Iterable<Viewed> {
    for (const slot of this.held) yield this.viewed(slot);
  }

  get(id: string): Viewed | undefined {
    const slot = this.rows.slotOf(`${this.cluster}\n${id}`);
    return slot === undefined ? undefined : this.viewed(slot);
  }

  idNamed(type: string, namespace: string, name: string): string | undefined {
    const slot = this.rows.slotNamed(this.cluster, type, namespace, name);
    return slot === undefined ? undefined : idOf({ type, namespace, name, uid: this.rows.uid(slot) });
  }

  isSame(object: Viewed): boolean {
    const slot = this.rows.slotOf(`${this.cluster}\n${object.id}`);
    return slot !== undefined && this.rows.isSame(slot, object);
  }

  put(object: Viewed): void {
    this.rows.put(this.cluster, object);
    const slot = this.rows.slotNamed(this.cluster, object.type, object.namespace, object.name) as number;
    // The newest change is the last in order, as in the hub's store.
    this.held.delete(slot);
    this.held.add(slot);
  }

  remove(id: string): void {
    const slot = this.rows.slotOf(`${this.cluster}\n${id}`);
    if (slot === undefined) return;
    this.held.delete(slot);
    this.rows.remove(slot);
  }

  clear(): void {
    for (const slot of this.held) this.rows.remove(slot);
    this.held.clear();
  }

  private viewed(slot: number): Viewed {
    const { type, namespace, name, uid, resourceVersion, cells } = this.rows.row(slot);
    return { id: idOf({ type, namespace, name, uid }), type, namespace, name, uid, resourceVersion, cells, body: "" };
  }
}
