/** The page's end of the worker: orders go down, reports become stores. */
import { Store } from "../store";
import type { Row } from "../table/row-store";
import type { Look, Mark, TablePage } from "../table/table-view";
import type { Batch, Catalog, Count, Hello, LinkState, Order, Report, RunEvent, ViewSpec, ViewStatus } from "./messages";
import { workerUrl } from "./worker-url";

export interface ViewEvents {
  status(status: ViewStatus): void;
  batch(batch: Batch): void;
}

export interface TableEvents {
  status(status: ViewStatus): void;
  page(page: TablePage): void;
}

export interface CountEvents {
  status(status: ViewStatus): void;
  counts(counts: readonly Count[]): void;
}

/** Counts are read, not watched: this often they may change under somebody's eyes. */
const COUNT_MS = 500;

/** An open table. */
export interface OpenTable {
  look(look: Look): void;
  mark(mark: Mark): void;
  /** All rows that it shows, or that are marked in it, in order. */
  all(of: "shown" | "marked"): Promise<readonly Row[]>;
  close(): void;
}

/** A running operation. */
export interface Run {
  /** An encoded OperationInput. */
  feed(input: Uint8Array): void;
  credit(bytes: number): void;
  /** Ends it; no event follows. */
  end(): void;
}

export class FeedClient {
  readonly link = new Store<LinkState>({ is: "idle" });
  readonly hello = new Store<Hello | undefined>(undefined);
  readonly catalog = new Store<Catalog | undefined>(undefined);
  private readonly views = new Map<number, Partial<ViewEvents & TableEvents & CountEvents>>();
  private lastView = 0;
  private readonly questions = new Map<number, (rows: readonly Row[]) => void>();
  private lastQuestion = 0;
  private readonly runs = new Map<number, (event: RunEvent) => void>();
  private lastRun = 0;
  /** What somebody has written and not sent yet, by what it is about; forgotten with everything else. */
  readonly drafts = new Map<string, unknown>();

  constructor(private readonly worker: Pick<Worker | MessagePort, "postMessage" | "onmessage">) {
    worker.onmessage = (event: MessageEvent<Report>) => this.hear(event.data);
  }

  /** Connects as whoever is signed in. `isNew`: they have signed in just now. */
  start(subject: string, isNew: boolean): void {
    const url = new URL("/api/v1/socket", window.location.href);
    url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
    this.order({ do: "start", url: url.href, subject, isNew });
  }

  /** Leaves with every tab of this browser, and forgets everything. */
  stop(): void {
    this.order({ do: "stop" });
    this.forget();
    this.drafts.clear();
  }

  /** Forgets everything that was seen; what somebody has written stays for when they come back. */
  forget(): void {
    this.order({ do: "leave" });
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

  /** Opens a table, which tells the part of it that is looked at. */
  table(spec: ViewSpec, look: Look, events: TableEvents): OpenTable {
    const view = ++this.lastView;
    this.views.set(view, events);
    this.order({ do: "table", view, spec, look });
    return {
      look: (next) => this.order({ do: "look", view, look: next }),
      mark: (mark) => this.order({ do: "mark", view, mark }),
      all: (of) =>
        new Promise((answered) => {
          const ask = ++this.lastQuestion;
          this.questions.set(ask, answered);
          this.order({ do: "ask", view, ask, of });
        }),
      close: () => {
        this.views.delete(view);
        this.order({ do: "close", view });
      },
    };
  }

  /** Counts what a view would hold; the result ends it. */
  count(spec: ViewSpec, events: CountEvents): () => void {
    const view = ++this.lastView;
    this.views.set(view, events);
    this.order({ do: "count", view, spec });
    return () => {
      this.views.delete(view);
      this.order({ do: "close", view });
    };
  }

  /** Says that this page lives for as long as it holds the lock of that name. */
  live(lock: string): void {
    this.order({ do: "live", lock });
  }

  /** Begins an operation; `start` is an encoded OperationStart. */
  run(start: Uint8Array, tell: (event: RunEvent) => void): Run {
    const run = ++this.lastRun;
    this.runs.set(run, tell);
    this.order({ do: "run", run, start });
    return {
      feed: (input) => this.order({ do: "feed", run, input }),
      credit: (bytes) => this.order({ do: "credit", run, bytes }),
      end: () => {
        this.runs.delete(run);
        this.order({ do: "end", run });
      },
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
        this.views.get(report.view)?.status?.(report.status);
        break;
      case "batch":
        this.views.get(report.view)?.batch?.(report.batch);
        this.taken(report.view);
        break;
      case "table":
        this.views.get(report.view)?.page?.(report.page);
        this.taken(report.view);
        break;
      case "counts":
        this.views.get(report.view)?.counts?.(report.counts);
        setTimeout(() => this.views.has(report.view) && this.order({ do: "taken", view: report.view }), COUNT_MS);
        break;
      case "answer":
        this.questions.get(report.ask)?.(report.rows);
        this.questions.delete(report.ask);
        break;
      case "run": {
        const tell = this.runs.get(report.run);
        if (report.event.is === "result" || report.event.is === "lost") this.runs.delete(report.run);
        tell?.(report.event);
        break;
      }
    }
  }

  private taken(view: number): void {
    this.afterPaint(() => this.views.has(view) && this.order({ do: "taken", view }));
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

/** All tabs of a browser share one worker, and with it one connection, where the browser has such workers. */
function openFeed(): FeedClient {
  if (typeof SharedWorker === "undefined" || !("locks" in navigator)) {
    return new FeedClient(new Worker(workerUrl(), { type: "module" }));
  }
  const { port } = new SharedWorker(workerUrl(), { type: "module", name: "octokube" });
  const client = new FeedClient(port);
  port.start();
  const lock = `octokube-page-${crypto.randomUUID()}`;
  void navigator.locks.request(lock, () => {
    client.live(lock);
    return new Promise(() => undefined);
  });
  return client;
}

/** The feed of this page, with the events that speak for trying again at once. */
export function startWorker(): FeedClient {
  const client = openFeed();
  window.addEventListener("online", client.wake);
  window.addEventListener("pageshow", client.wake);
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && client.wake());
  return client;
}
