/** Serves the page's orders: one link, one catalog, one stream per open view. Runs in the worker. */
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import {
  BrowserMessageSchema,
  type ChannelClosed,
  type GatewayHello,
  type GatewayMessage,
} from "../gen/octokube/v1/browser_pb";
import { delaySeconds } from "./backoff";
import type { Host } from "./host";
import { Link } from "./link";
import type { Order, Report, ViewSpec } from "./messages";
import { Stream } from "./stream";
import { catalogOf } from "./translate";

export class FeedService {
  private readonly link: Link;
  private readonly streams = new Map<number, Stream>();
  private isUp = false;
  private lastChannel = 0;
  private catalogChannel = 0;
  private catalogAttempt = 0;
  private cancelCatalog: (() => void) | undefined;

  constructor(
    private readonly host: Host,
    private readonly report: (report: Report) => void,
  ) {
    this.link = new Link(host, {
      state: (link) => this.report({ tell: "link", link }),
      up: (message) => this.up(message.message.value as GatewayHello),
      down: () => this.down(),
      message: (message, size) => this.message(message, size),
    });
  }

  obey(order: Order): void {
    switch (order.do) {
      case "start":
        this.link.start(order.url);
        break;
      case "stop":
        for (const view of [...this.streams.keys()]) this.close(view);
        this.link.stop();
        break;
      case "wake":
        this.link.wake();
        break;
      case "open":
        this.open(order.view, order.spec);
        break;
      case "close":
        this.close(order.view);
        break;
      case "taken":
        this.streams.get(order.view)?.taken();
        break;
    }
  }

  private open(view: number, spec: ViewSpec): void {
    this.close(view);
    const stream = new Stream(spec, this.host, {
      open: (request) => this.openChannel({ case: "watch", value: request }),
      send: (channel, request) => this.send(channel, { case: "watch", value: request }),
      close: (channel) => this.send(channel, { case: "close", value: {} }),
      status: (status) => this.report({ tell: "status", view, status }),
      batch: (batch) => this.report({ tell: "batch", view, batch }),
      signedOut: (reason) => this.signedOut(reason),
    });
    this.streams.set(view, stream);
    if (this.isUp) stream.connected();
  }

  private close(view: number): void {
    this.streams.get(view)?.dispose();
    this.streams.delete(view);
  }

  private up(hello: GatewayHello): void {
    this.isUp = true;
    this.lastChannel = 0;
    this.report({
      tell: "hello",
      hello: {
        gatewayVersion: hello.gatewayVersion,
        subject: hello.whoAmI?.subject ?? "",
        memberships: hello.whoAmI?.memberships ?? [],
      },
    });
    this.openCatalog();
    for (const stream of this.streams.values()) stream.connected();
  }

  private down(): void {
    this.isUp = false;
    this.catalogChannel = 0;
    this.cancelCatalog?.();
    for (const stream of this.streams.values()) stream.disconnected();
  }

  private signedOut(reason: string): void {
    this.link.stop();
    this.report({ tell: "link", link: { is: "signed-out", reason: reason || "Your session has ended." } });
  }

  private openCatalog(): void {
    this.catalogChannel = this.openChannel({ case: "catalog", value: {} });
  }

  private message(message: GatewayMessage, size: number): void {
    const { channel } = message;
    const content = message.message;
    if (channel === this.catalogChannel) {
      if (content.case === "catalog") {
        this.catalogAttempt = 0;
        this.report({ tell: "catalog", catalog: catalogOf(content.value, this.host.now()) });
      } else if (content.case === "closed") {
        this.catalogClosed(content.value);
      }
      return;
    }
    for (const stream of this.streams.values()) {
      if (stream.channel !== channel) continue;
      if (content.case === "watch") stream.received(content.value, size);
      else if (content.case === "closed") stream.closed(content.value);
      return;
    }
    // Frames of a channel we closed may still be on their way; they concern nobody.
  }

  private catalogClosed(end: ChannelClosed): void {
    this.catalogChannel = 0;
    if (end.code === "UNAUTHENTICATED") {
      this.signedOut(end.message);
      return;
    }
    this.catalogAttempt += 1;
    const wait = delaySeconds(this.catalogAttempt, () => this.host.random()) * 1000;
    this.cancelCatalog = this.host.after(wait, () => this.isUp && this.openCatalog());
  }

  private openChannel(message: BrowserContent): number {
    this.lastChannel += 1;
    this.send(this.lastChannel, message);
    return this.lastChannel;
  }

  private send(channel: number, message: BrowserContent): void {
    this.link.send(create(BrowserMessageSchema, { channel, message }));
  }
}

type BrowserContent = NonNullable<MessageInitShape<typeof BrowserMessageSchema>["message"]>;
