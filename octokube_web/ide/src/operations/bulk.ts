/** Does one thing to many objects, a few at a time, and keeps what came of each. */
import type { FeedClient } from "../feed/client";
import { Store } from "../store";
import type { Deed } from "./actions";
import { run, type Operation } from "./operation";
import type { Target } from "./target";

/** So many at once: fewer than the hub lets one person run. */
const AT_ONCE = 4;

export interface Item {
  readonly target: Target;
  readonly state: "waiting" | "running" | "done" | "failed" | "left out";
  /** What the cluster or the hub said. */
  readonly sentence: string;
}

export interface Bulk {
  readonly items: Store<readonly Item[]>;
  /** Begins no more; what has begun goes on. */
  stop(): void;
}

export function runAll(feed: FeedClient, deed: Deed, targets: readonly Target[], number: number): Bulk {
  const items = new Store<readonly Item[]>(targets.map((target) => ({ target, state: "waiting", sentence: "" })));
  let next = 0;
  let isStopped = false;
  const set = (index: number, change: Partial<Item>) => items.set(items.get().map((item, at) => (at === index ? { ...item, ...change } : item)));

  async function work(): Promise<void> {
    for (;;) {
      const index = next++;
      const target = targets[index];
      if (!target || isStopped) return;
      set(index, { state: "running" });
      const operation: Operation = run(feed, deed.start(target, number), {
        progress: (sentence) => set(index, { sentence }),
      });
      const end = await operation.ended;
      set(index, { state: end.isDone ? "done" : "failed", sentence: end.message || (end.isDone ? "" : "It failed, and the cluster did not say why.") });
    }
  }
  for (let worker = 0; worker < AT_ONCE; worker++) void work();
  return {
    items,
    stop: () => {
      isStopped = true;
      items.set(items.get().map((item) => (item.state === "waiting" ? { ...item, state: "left out" } : item)));
    },
  };
}

export function isOver(items: readonly Item[]): boolean {
  return items.every(({ state }) => state === "done" || state === "failed" || state === "left out");
}
