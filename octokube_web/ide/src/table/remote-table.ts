/** The page's end of a table in the worker: the rows in sight, each subscribed to alone. */
import { forgetLastMatch } from "../state/last-match";
import type { CellValue } from "../state/viewed";
import type { Row } from "./row-store";
import { FIRST_LOOK, type Look, type Mark, type TablePage } from "./table-view";

export interface SeenRow extends Row {
  /** When each cell last changed while in sight, by Date.now(); absent while none has. */
  readonly changedAt: readonly number[] | undefined;
}

/** What a table is as a whole; replaced, never changed. */
export interface TableOutline extends Omit<TablePage, "rows" | "slots" | "changes" | "marked"> {
  /** The ids in sight, in order; the first is at `start`. */
  readonly ids: readonly string[];
  /** The ids in sight that are marked. */
  readonly marked: ReadonlySet<string>;
}

const EMPTY: TableOutline = {
  total: 0,
  shown: 0,
  waiting: 0,
  start: 0,
  ids: [],
  follow: "",
  followed: -1,
  isFrozen: false,
  markedCount: 0,
  marked: new Set(),
  facets: [],
  fault: "",
};

export class RemoteTable {
  private outline = EMPTY;
  private bySlot = new Map<number, SeenRow>();
  private byId = new Map<string, SeenRow>();
  private wanted: Look = FIRST_LOOK;
  private readonly outlineListeners = new Set<() => void>();
  private readonly rowListeners = new Map<string, Set<() => void>>();
  /** Changes ever taken, for the rate. */
  changeCount = 0;

  constructor(
    private readonly send: (look: Look) => void,
    /** Marks rows, or takes marks away. */
    readonly mark: (mark: Mark) => void = () => undefined,
    private readonly now: () => number = () => Date.now(),
  ) {}

  get look(): Look {
    return this.wanted;
  }

  getOutline = (): TableOutline => this.outline;

  /** The row at this place of the order, when it is in sight. */
  at(index: number): SeenRow | undefined {
    const id = this.outline.ids[index - this.outline.start];
    return id === undefined ? undefined : this.byId.get(id);
  }

  getRow = (id: string): SeenRow | undefined => this.byId.get(id);

  subscribeOutline = (listener: () => void): (() => void) => {
    this.outlineListeners.add(listener);
    return () => this.outlineListeners.delete(listener);
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

  turn(change: Partial<Look>): void {
    const next = { ...this.wanted, ...change };
    if (JSON.stringify(next) === JSON.stringify(this.wanted)) return;
    this.wanted = next;
    this.send(next);
  }

  take(page: TablePage): void {
    this.changeCount = page.changes;
    const at = this.now();
    const next = new Map<number, SeenRow>();
    const touched: string[] = [];
    const arrived = new Map(page.rows.map((row) => [row.slot, row]));
    for (const slot of page.slots) {
      const held = this.bySlot.get(slot);
      const row = arrived.get(slot);
      if (row) {
        next.set(slot, { ...row, changedAt: held?.id === row.id ? changesOf(held, row.cells, at) : undefined });
        touched.push(row.id);
      } else if (held) {
        next.set(slot, held);
      }
    }
    const hasLost = [...this.byId.values()].some((row) => next.get(row.slot)?.id !== row.id);
    this.bySlot = next;
    this.byId = new Map([...next.values()].map((row) => [row.id, row]));
    const ids = page.slots.map((slot) => next.get(slot)?.id ?? "");
    const { rows: _rows, slots: _slots, changes: _changes, marked: slotsMarked, ...rest } = page;
    const marked = new Set(slotsMarked.flatMap((slot) => next.get(slot)?.id ?? []));
    const outline: TableOutline = { ...rest, ids, marked };
    if (!isSameOutline(this.outline, outline)) {
      this.outline = outline;
      for (const listener of [...this.outlineListeners]) listener();
    }
    if (hasLost) this.letGo();
    for (const id of touched) for (const listener of this.rowListeners.get(id) ?? []) listener();
  }

  /** Whoever draws the table keeps what it drew before until it draws again: so it draws again, what is the same. */
  private letGo(): void {
    forgetLastMatch();
    setTimeout(() => {
      this.outline = { ...this.outline };
      for (const listener of [...this.outlineListeners]) listener();
    });
  }

  /** Forgets every row. */
  clear(): void {
    this.bySlot = new Map();
    this.byId = new Map();
    this.outline = EMPTY;
    this.wanted = FIRST_LOOK;
    for (const listener of [...this.outlineListeners]) listener();
    this.letGo();
  }
}

function isSameOutline(a: TableOutline, b: TableOutline): boolean {
  return (
    a.total === b.total &&
    a.shown === b.shown &&
    a.waiting === b.waiting &&
    a.start === b.start &&
    a.fault === b.fault &&
    a.follow === b.follow &&
    a.followed === b.followed &&
    a.isFrozen === b.isFrozen &&
    a.markedCount === b.markedCount &&
    [...a.marked].join() === [...b.marked].join() &&
    a.ids.length === b.ids.length &&
    a.ids.every((id, index) => id === b.ids[index]) &&
    JSON.stringify(a.facets) === JSON.stringify(b.facets)
  );
}

function changesOf(held: SeenRow, cells: readonly CellValue[], now: number): readonly number[] | undefined {
  let changedAt: number[] | undefined;
  for (let index = 0; index < cells.length; index++) {
    if (cells[index] === held.cells[index]) continue;
    changedAt ??= [...(held.changedAt ?? [])];
    changedAt[index] = now;
  }
  return changedAt ?? held.changedAt;
}
