/** How many rows of a feed there are by cluster, namespace and type. Tells only what has changed. Runs in the worker. */
import type { RowListener, RowStore } from "../table/row-store";
import type { Count, Report, ViewStatus } from "./messages";
import type { FeedView } from "./views";

export class CountsView implements FeedView {
  private readonly counts = new Map<string, number>();
  /** What differs from what was told last. */
  private readonly news = new Set<string>();
  /** Where the row lies that is about to change: once it has left, nobody knows any more. */
  private leaving = "";
  private isReady = true;
  private readonly stopListening: () => void;

  constructor(
    private readonly view: number,
    private readonly report: (report: Report) => void,
    private readonly rows: RowStore,
  ) {
    const listener: RowListener = {
      changing: (slot) => void (this.leaving = this.keyOf(slot)),
      changed: (slot, what) => {
        if (what === "arrived") this.add(this.keyOf(slot), 1);
        else if (what === "left") this.add(this.leaving, -1);
      },
    };
    this.stopListening = rows.listen(listener);
    for (const slot of rows.allSlots()) this.add(this.keyOf(slot), 1);
    this.flush();
  }

  changed(): void {
    this.flush();
  }

  status(status: ViewStatus): void {
    this.report({ tell: "status", view: this.view, status });
  }

  taken(): void {
    this.isReady = true;
    this.flush();
  }

  dispose(): void {
    this.stopListening();
    this.counts.clear();
    this.news.clear();
    this.leaving = "";
  }

  private keyOf(slot: number): string {
    return `${this.rows.cluster(slot)}\n${this.rows.namespace(slot)}\n${this.rows.type(slot)}`;
  }

  private add(key: string, step: 1 | -1): void {
    const next = (this.counts.get(key) ?? 0) + step;
    if (next === 0) this.counts.delete(key);
    else this.counts.set(key, next);
    this.news.add(key);
  }

  private flush(): void {
    if (!this.isReady || this.news.size === 0) return;
    this.isReady = false;
    const counts = [...this.news].map((key): Count => {
      const [cluster, namespace, type] = key.split("\n") as [string, string, string];
      return { cluster, namespace, type, count: this.counts.get(key) ?? 0 };
    });
    this.news.clear();
    this.report({ tell: "counts", view: this.view, counts });
  }
}
