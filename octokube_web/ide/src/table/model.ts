/** The rows of one view: kept sorted and filtered, each subscribed to alone. */
import type { Batch } from "../feed/messages";
import type { CellValue, Viewed } from "../state/viewed";

export interface Row extends Viewed {
  /** When each cell last changed, by Date.now(); absent while none has. */
  readonly changedAt: readonly number[] | undefined;
}

/** -2 sorts by name, -1 by namespace, others by that cell. */
export interface Sort {
  readonly column: number;
  readonly isDescending: boolean;
}

export const BY_NAME: Sort = { column: -2, isDescending: false };

const collator = new Intl.Collator("en", { numeric: true });

export class TableModel {
  private readonly rows = new Map<string, Row>();
  private shown: readonly string[] = [];
  private sort: Sort = BY_NAME;
  private filter = "";
  private readonly orderListeners = new Set<() => void>();
  private readonly rowListeners = new Map<string, Set<() => void>>();
  private held: { arrived: Map<string, Viewed> } | undefined;
  /** Changes ever taken, for the rate. */
  changeCount = 0;

  constructor(private readonly now: () => number = () => Date.now()) {}

  /** Ids in the order shown. The array is replaced, never changed. */
  getOrder = (): readonly string[] => this.shown;
  getRow = (id: string): Row | undefined => this.rows.get(id);
  get size(): number {
    return this.rows.size;
  }
  get waiting(): number {
    return this.held?.arrived.size ?? 0;
  }
  get isFrozen(): boolean {
    return this.held !== undefined;
  }

  subscribeOrder = (listener: () => void): (() => void) => {
    this.orderListeners.add(listener);
    return () => this.orderListeners.delete(listener);
  };

  subscribeRow = (id: string, listener: () => void): (() => void) => {
    let listeners = this.rowListeners.get(id);
    if (!listeners) this.rowListeners.set(id, (listeners = new Set()));
    listeners.add(listener);
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0 && this.rowListeners.get(id) === listeners) this.rowListeners.delete(id);
    };
  };

  apply(batch: Batch): void {
    this.changeCount += batch.arrived.length + batch.left.length;
    if (this.held) {
      for (const row of batch.arrived) this.held.arrived.set(row.id, row);
      for (const { id } of batch.left) this.held.arrived.delete(id);
      // What may no longer be seen leaves even a table that is held still.
      if (batch.left.length > 0) this.take([], batch.left);
    } else {
      this.take(batch.arrived, batch.left);
    }
  }

  /** Holds the table still, or lets it move again. */
  setFrozen(isFrozen: boolean): void {
    if (isFrozen === this.isFrozen) return;
    const held = this.held;
    this.held = isFrozen ? { arrived: new Map() } : undefined;
    if (held) this.take([...held.arrived.values()], []);
    this.tellOrder();
  }

  setSort(sort: Sort): void {
    this.sort = sort;
    this.arrange();
  }

  setFilter(filter: string): void {
    const wanted = filter.trim().toLowerCase();
    if (wanted === this.filter) return;
    this.filter = wanted;
    this.arrange();
  }

  clear(): void {
    this.held &&= { arrived: new Map() };
    this.take(
      [],
      [...this.rows.keys()].map((id) => ({ id, reason: "withdrawn" as const })),
    );
  }

  private take(arrived: readonly Viewed[], left: Batch["left"]): void {
    let isReordered = false;
    const touched: string[] = [];
    for (const { id } of left) {
      if (this.rows.delete(id)) {
        isReordered = true;
        touched.push(id);
      }
    }
    const now = this.now();
    for (const next of arrived) {
      const held = this.rows.get(next.id);
      this.rows.set(next.id, { ...next, changedAt: held && changesOf(held, next, now) });
      touched.push(next.id);
      isReordered ||= !held || this.filter !== "" || this.sortKey(held) !== this.sortKey(next);
    }
    if (isReordered) this.arrange();
    for (const id of touched) for (const listener of this.rowListeners.get(id) ?? []) listener();
  }

  private sortKey(row: Viewed): CellValue {
    const { column } = this.sort;
    return column === -2 ? row.name : column === -1 ? row.namespace : row.cells[column];
  }

  private arrange(): void {
    const rows: Row[] = [];
    for (const row of this.rows.values()) if (this.matches(row)) rows.push(row);
    const sign = this.sort.isDescending ? -1 : 1;
    rows.sort((a, b) => {
      const order = compare(this.sortKey(a), this.sortKey(b), sign);
      return order || collator.compare(a.name, b.name) || collator.compare(a.namespace, b.namespace);
    });
    this.shown = rows.map((row) => row.id);
    this.tellOrder();
  }

  private matches(row: Row): boolean {
    if (this.filter === "") return true;
    const text = [row.name, row.namespace, ...row.cells.filter((cell) => typeof cell === "string")]
      .join("\n")
      .toLowerCase();
    return this.filter.split(/\s+/).every((word) => text.includes(word));
  }

  private tellOrder(): void {
    for (const listener of [...this.orderListeners]) listener();
  }
}

/** What is unknown comes last either way. */
function compare(a: CellValue, b: CellValue, sign: number): number {
  if (a === b) return 0;
  if (a === undefined || a === "") return 1;
  if (b === undefined || b === "") return -1;
  if (typeof a === "string" && typeof b === "string") return sign * collator.compare(a, b);
  return sign * (Number(a) - Number(b));
}

function changesOf(held: Row, next: Viewed, now: number): readonly number[] | undefined {
  let changedAt: number[] | undefined;
  for (let index = 0; index < next.cells.length; index++) {
    if (next.cells[index] === held.cells[index]) continue;
    changedAt ??= [...(held.changedAt ?? [])];
    changedAt[index] = now;
  }
  return changedAt ?? held.changedAt;
}
