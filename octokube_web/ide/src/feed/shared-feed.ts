/** One stream for all views of all tabs that ask for the same. */
import type { WatchRequest } from "../gen/octokube/v1/cluster_service_pb";
import { RowStore } from "../table/row-store";
import type { Host } from "./host";
import type { ViewSpec, ViewStatus } from "./messages";
import { Stream } from "./stream";
import type { FeedView } from "./views";

export interface SharedFeedEvents {
  open(request: WatchRequest): number;
  send(channel: number, request: WatchRequest): void;
  close(channel: number): void;
  signedOut(reason: string): void;
}

export class SharedFeed {
  readonly rows: RowStore | undefined;
  readonly stream: Stream;
  private readonly views = new Set<FeedView>();
  private status: ViewStatus | undefined;

  constructor(spec: ViewSpec, host: Host, events: SharedFeedEvents) {
    const rows = spec.detail === "rows" ? new RowStore() : undefined;
    this.rows = rows;
    this.stream = new Stream(
      spec,
      host,
      {
        ...events,
        status: (status) => {
          this.status = status;
          for (const view of this.views) view.status(status);
        },
        changed: (changes) => {
          for (const view of this.views) view.changed(changes);
        },
      },
      rows && ((cluster) => rows.ofCluster(cluster)),
    );
  }

  get isUnused(): boolean {
    return this.views.size === 0;
  }

  get hasFailed(): boolean {
    return this.status?.phase === "failed";
  }

  join(view: FeedView): void {
    this.views.add(view);
    if (this.status) view.status(this.status);
  }

  leave(view: FeedView): void {
    this.views.delete(view);
    view.dispose();
  }

  dispose(): void {
    for (const view of this.views) view.dispose();
    this.views.clear();
    this.stream.dispose();
  }
}
