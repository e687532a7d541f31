/** Gathers a view's changes until the page is ready for them: newest state per object, never more than there are objects. */
import type { Change } from "../state/receiver";
import type { Viewed } from "../state/viewed";
import type { Batch } from "./messages";

/** So many rows cross to the page at once that taking them never blocks a frame for long. */
export const BATCH_LIMIT = 4000;

export class Outbox {
  private readonly arrived = new Map<string, Viewed>();
  private readonly left = new Map<string, "deleted" | "withdrawn">();

  get isEmpty(): boolean {
    return this.arrived.size === 0 && this.left.size === 0;
  }

  put(changes: readonly Change[]): void {
    for (const { kind, object } of changes) {
      if (kind === "deleted" || kind === "withdrawn") {
        this.arrived.delete(object.id);
        this.left.set(object.id, kind);
      } else {
        this.left.delete(object.id);
        this.arrived.set(object.id, object);
      }
    }
  }

  /** Everything that left, and up to a bound of what arrived. */
  take(): Batch {
    const left = [...this.left].map(([id, reason]) => ({ id, reason }));
    this.left.clear();
    const arrived: Viewed[] = [];
    for (const [id, object] of this.arrived) {
      if (arrived.length >= BATCH_LIMIT) break;
      arrived.push(object);
      this.arrived.delete(id);
    }
    return { arrived, left };
  }

  clear(): void {
    this.arrived.clear();
    this.left.clear();
  }
}
