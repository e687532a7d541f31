/** Keeps one view's Watch stream: opens, applies, acknowledges, resumes after a break. */
import { create } from "@bufbuild/protobuf";
import type { ChannelClosed } from "../gen/octokube/v1/browser_pb";
import {
  CloseReason,
  Detail,
  SubscriptionSchema,
  WatchRequestSchema,
  type Close,
  type WatchRequest,
  type WatchResponse,
} from "../gen/octokube/v1/cluster_service_pb";
import type { Frame } from "../gen/octokube/v1/frame_pb";
import { FeedFault, OutOfSequence, Receiver, type Change } from "../state/receiver";
import type { ObjectStore } from "../state/object-store";
import { delaySeconds } from "./backoff";
import type { Viewed } from "../state/viewed";
import type { Host } from "./host";
import type { ViewSpec, ViewStatus } from "./messages";
import { healthOf } from "./translate";

/** Acknowledgements wait so long for company, because each is a message of its own through gateway and hub. */
const ACK_MS = 1000;
/** An eighth of the hub's default window: the next acknowledgement is under way long before the window is full. */
const ACK_BYTES = 128 * 1024;
/** The hub sends a bookmark at least every 5 s; three missing ones are a path that is dead behind the gateway. */
const SILENCE_MS = 15_000;
/** A status that differs in freshness alone is told so often. */
const STATUS_MS = 500;
const NOTICE_LIMIT = 8;

export interface StreamEvents {
  /** Opens a channel on the present socket and returns its number. */
  open(request: WatchRequest): number;
  send(channel: number, request: WatchRequest): void;
  close(channel: number): void;
  status(status: ViewStatus): void;
  /** What a frame has made different. */
  changed(changes: readonly Change[]): void;
  signedOut(reason: string): void;
}

export class Stream {
  channel = 0;
  private readonly receiver: Receiver;
  private isConnected = false;
  private attempt = 0;
  private heardAt = 0;
  private unacknowledged = 0;
  private phase: ViewStatus["phase"] = "opening";
  private error: ViewStatus["error"];
  private notices: ViewStatus["notices"] = [];
  private lastClose: Close | undefined;
  private cancelAck: (() => void) | undefined;
  private cancelReopen: (() => void) | undefined;
  private cancelSilence: (() => void) | undefined;
  private cancelStatus: (() => void) | undefined;

  constructor(
    private readonly spec: ViewSpec,
    private readonly host: Host,
    private readonly events: StreamEvents,
    storeFor?: (cluster: string) => ObjectStore,
  ) {
    this.receiver = new Receiver(storeFor);
    this.tellStatus();
  }

  /** Everything that is held. */
  *all(): Iterable<Viewed> {
    for (const { store } of this.receiver.clusters.values()) yield* store.all();
  }

  /** A socket is up: opens the stream, or continues where it broke. */
  connected(): void {
    this.isConnected = true;
    if (this.phase !== "failed") this.open();
  }

  /** The socket is gone, and the channel with it. What is held stays. */
  disconnected(): void {
    this.isConnected = false;
    this.channel = 0;
    this.cancelTimers();
  }

  dispose(): void {
    if (this.channel > 0) this.events.close(this.channel);
    this.channel = 0;
    this.cancelTimers();
    this.receiver.forget();
  }

  /** `size`: how many bytes the message had. */
  received(response: WatchResponse, size: number): void {
    const message = response.message;
    if (message.case === "frame") {
      this.frame(message.value, size);
    } else if (message.case === "notice") {
      const { code, message: text } = message.value;
      const others = this.notices.filter((notice) => notice.code !== code || notice.message !== text);
      this.notices = [...others, { code, message: text }].slice(-NOTICE_LIMIT);
      this.tellStatus();
    } else if (message.case === "close") {
      this.lastClose = message.value;
    }
  }

  /** The channel has ended; the hub's own word about it came before. */
  closed(end: ChannelClosed): void {
    this.channel = 0;
    this.cancelTimers();
    const close = this.lastClose;
    this.lastClose = undefined;
    if (close?.reason === CloseReason.UNAUTHENTICATED || end.code === "UNAUTHENTICATED") {
      this.events.signedOut(close?.message || end.message);
      return;
    }
    if (close && !close.resumable) this.receiver.distrust();
    const isRetryable = close ? close.retryable : end.retryable || end.code === "OK";
    if (!isRetryable) {
      this.fail(end.code, close?.message || end.message || "the stream has ended");
      return;
    }
    const after = close?.retryAfter ?? end.retryAfter;
    this.reopenLater(after ? Number(after.seconds) * 1000 + after.nanos / 1e6 : 0);
  }

  private open(): void {
    this.cancelTimers();
    this.receiver.restart();
    this.unacknowledged = 0;
    this.notices = [];
    const { cluster, type, namespaces, names, labels, detail } = this.spec;
    const subscription = create(SubscriptionSchema, {
      clusters: [cluster],
      types: [type],
      namespaces: [...namespaces],
      names: [...names],
      labelSelector: labels ?? "",
      detail: detail === "rows" ? Detail.ROWS : Detail.OBJECTS,
    });
    this.channel = this.events.open(
      create(WatchRequestSchema, {
        message: {
          case: "subscribe",
          value: {
            subscription,
            resume: this.receiver.resumePoints(),
            windowBytes: 0n,
            acceptsPatches: true,
          },
        },
      }),
    );
  }

  private frame(frame: Frame, size: number): void {
    this.heardAt = this.host.now();
    let changes: readonly Change[];
    try {
      changes = this.receiver.apply(frame);
    } catch (fault) {
      if (!(fault instanceof FeedFault)) throw fault;
      // What was applied before a lost frame is sound and can be continued; after anything else only a snapshot helps.
      if (!(fault instanceof OutOfSequence)) this.receiver.distrust();
      this.leave();
      return;
    }
    this.cancelSilence?.();
    this.cancelSilence = this.host.after(SILENCE_MS, () => this.leave());
    this.unacknowledged += size;
    if (this.unacknowledged >= ACK_BYTES) this.acknowledge();
    else this.cancelAck ??= this.host.after(ACK_MS, () => this.acknowledge());
    const phase = [...this.receiver.clusters.values()].every((copy) => copy.isSynced) ? "live" : "loading";
    if (phase === "live") this.attempt = 0;
    const isNews = phase !== this.phase || frame.clusterState !== undefined;
    this.phase = phase;
    if (changes.length > 0) this.events.changed(changes);
    if (isNews) this.tellStatus();
    else this.tellStatusSoon();
  }

  /** Gives the stream up and opens another a little later, which goes on from what is held. */
  private leave(): void {
    this.events.close(this.channel);
    this.channel = 0;
    this.reopenLater(0);
  }

  private acknowledge(): void {
    this.cancelAck?.();
    this.cancelAck = undefined;
    this.unacknowledged = 0;
    if (this.channel === 0) return;
    const ack = { $typeName: "octokube.v1.FrameAck" as const, sequence: this.receiver.sequence };
    this.events.send(this.channel, create(WatchRequestSchema, { message: { case: "ack", value: ack } }));
  }

  private reopenLater(notBefore: number): void {
    this.attempt += 1;
    const wait = notBefore + delaySeconds(this.attempt, () => this.host.random()) * 1000;
    this.cancelTimers();
    this.cancelReopen = this.host.after(wait, () => {
      this.cancelReopen = undefined;
      if (this.isConnected) this.open();
    });
  }

  private fail(code: string, message: string): void {
    this.phase = "failed";
    this.error = { code, message };
    this.tellStatus();
  }

  private tellStatusSoon(): void {
    this.cancelStatus ??= this.host.after(STATUS_MS, () => this.tellStatus());
  }

  private tellStatus(): void {
    this.cancelStatus?.();
    this.cancelStatus = undefined;
    const copies = [...this.receiver.clusters.values()];
    const only = copies.length === 1 ? copies[0] : undefined;
    this.events.status({
      phase: this.phase,
      gathered: copies.reduce((sum, copy) => sum + (copy.gathering?.digest.itemCount ?? 0), 0),
      expected: copies.reduce((sum, copy) => sum + (copy.gathering?.expected ?? 0), 0),
      // Of several clusters, the copy that is furthest behind.
      asOf: copies.length > 0 ? Math.min(...copies.map((copy) => copy.asOf)) : 0,
      heardAt: this.heardAt,
      health: only?.state ? healthOf(only.state) : undefined,
      notices: this.notices,
      error: this.error,
    });
  }

  private cancelTimers(): void {
    for (const cancel of [this.cancelAck, this.cancelReopen, this.cancelSilence, this.cancelStatus]) cancel?.();
    this.cancelAck = this.cancelReopen = this.cancelSilence = this.cancelStatus = undefined;
  }
}
