/** What a tab has open of a feed: it is told no faster than it can show. Runs in the worker. */
import type { Change } from "../state/receiver";
import type { Viewed } from "../state/viewed";
import type { RowStore } from "../table/row-store";
import { TableView, type Look, type Mark } from "../table/table-view";
import type { Report, ViewStatus } from "./messages";
import { Outbox } from "./outbox";

export interface FeedView {
  status(status: ViewStatus): void;
  changed(changes: readonly Change[]): void;
  /** The page has shown what it was told last. */
  taken(): void;
  dispose(): void;
}

/** Whole objects: newest state each, no backlog. */
export class ObjectsView implements FeedView {
  private readonly outbox = new Outbox();
  private isReady = true;

  constructor(
    private readonly view: number,
    private readonly report: (report: Report) => void,
    held: Iterable<Viewed>,
  ) {
    this.changed([...held].map((object) => ({ kind: "added", object })));
  }

  status(status: ViewStatus): void {
    this.report({ tell: "status", view: this.view, status });
  }

  changed(changes: readonly Change[]): void {
    this.outbox.put(changes);
    this.flush();
  }

  taken(): void {
    this.isReady = true;
    this.flush();
  }

  dispose(): void {
    this.outbox.clear();
  }

  private flush(): void {
    if (!this.isReady || this.outbox.isEmpty) return;
    this.isReady = false;
    this.report({ tell: "batch", view: this.view, batch: this.outbox.take() });
  }
}

/** A table: what is in sight, and how much there is. */
export class RowsView implements FeedView {
  private readonly table: TableView;
  private isReady = true;

  constructor(
    private readonly view: number,
    private readonly report: (report: Report) => void,
    rows: RowStore,
    look: Look,
  ) {
    this.table = new TableView(rows);
    this.turn(look);
  }

  status(status: ViewStatus): void {
    this.report({ tell: "status", view: this.view, status });
  }

  turn(look: Look): void {
    this.table.turn(look);
    this.flush();
  }

  changed(): void {
    this.flush();
  }

  taken(): void {
    this.isReady = true;
    this.flush();
  }

  mark(mark: Mark): void {
    this.table.mark(mark);
    this.flush();
  }

  answer(ask: number, of: "shown" | "marked"): void {
    this.report({ tell: "answer", ask, rows: of === "marked" ? this.table.allMarked() : this.table.all() });
  }

  dispose(): void {
    this.table.dispose();
  }

  private flush(): void {
    if (!this.isReady || !this.table.hasNews) return;
    this.isReady = false;
    this.report({ tell: "table", view: this.view, page: this.table.page() });
  }
}
