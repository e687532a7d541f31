/** The page's end of the worker: orders go down, reports become stores. */
import { Store } from "../store";
import type { Batch, Catalog, Hello, LinkState, Order, Report, ViewSpec, ViewStatus } from "./messages";

export interface ViewEvents {
  status(status: ViewStatus): void;
  batch(batch: Batch): void;
}

export class FeedClient {
  readonly link = new Store<LinkState>({ is: "idle" });
  readonly hello = new Store<Hello | undefined>(undefined);
  readonly catalog = new Store<Catalog | undefined>(undefined);
  private readonly views = new Map<number, ViewEvents>();
  private lastView = 0;

  constructor(private readonly worker: Pick<Worker, "postMessage" | "onmessage">) {
    worker.onmessage = (event: MessageEvent<Report>) => this.hear(event.data);
  }

  start(): void {
    const url = new URL("/api/v1/socket", window.location.href);
    url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
    this.order({ do: "start", url: url.href });
  }

  /** Leaves, and forgets everything that was seen. */
  stop(): void {
    this.order({ do: "stop" });
    this.catalog.set(undefined);
    this.hello.set(undefined);
  }

  wake = (): void => this.order({ do: "wake" });

  /** Opens a view; the result closes it. */
  open(spec: ViewSpec, events: ViewEvents): () => void {
    const view = ++this.lastView;
    this.views.set(view, events);
    this.order({ do: "open", view, spec });
    return () => {
      this.views.delete(view);
      this.order({ do: "close", view });
    };
  }

  private hear(report: Report): void {
    switch (report.tell) {
      case "link":
        this.link.set(report.link);
        break;
      case "hello":
        this.hello.set(report.hello);
        break;
      case "catalog":
        this.catalog.set(report.catalog);
        break;
      case "status":
        this.views.get(report.view)?.status(report.status);
        break;
      case "batch":
        this.views.get(report.view)?.batch(report.batch);
        this.afterPaint(() => this.views.has(report.view) && this.order({ do: "taken", view: report.view }));
        break;
    }
  }

  /** A hidden page paints nothing, yet what is withdrawn must leave it. */
  private afterPaint(run: () => void): void {
    if (document.visibilityState === "hidden") setTimeout(run, 250);
    else requestAnimationFrame(run);
  }

  private order(order: Order): void {
    this.worker.postMessage(order);
  }
}

/** The feed of this page, with the events that speak for trying again at once. */
export function startWorker(): FeedClient {
  const worker = new Worker(new URL("./feed.worker.ts", import.meta.url), { type: "module" });
  const client = new FeedClient(worker);
  window.addEventListener("online", client.wake);
  window.addEventListener("pageshow", client.wake);
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && client.wake());
  return client;
}
