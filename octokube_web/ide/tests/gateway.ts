/** A gateway that a test plays, with the test's clock and wire. */
import { create, fromBinary, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { BrowserMessageSchema, GatewayMessageSchema, type BrowserMessage } from "../src/gen/octokube/v1/browser_pb";
import type { Frame } from "../src/gen/octokube/v1/frame_pb";
import type { Host, WireEvents } from "../src/feed/host";
import type { Report } from "../src/feed/messages";
import { FeedService, type Tab } from "../src/feed/service";

export class Gateway implements Host {
  readonly reports: Report[] = [];
  sent: BrowserMessage[] = [];
  sockets = 0;
  private time = 0;
  private wire: WireEvents | undefined;
  private formerWire: WireEvents | undefined;
  private timers: { at: number; run: () => void }[] = [];
  private readonly feed = new FeedService(this);
  /** The one tab that most tests need. */
  readonly service = this.feed.join((report) => this.reports.push(report));

  /** Another tab of the same browser. */
  anotherTab(): { tab: Tab; reports: Report[] } {
    const reports: Report[] = [];
    return { tab: this.feed.join((report) => reports.push(report)), reports };
  }

  connect(_url: string, events: WireEvents) {
    this.sockets += 1;
    this.formerWire = this.wire;
    this.wire = events;
    this.sent = [];
    return { send: (bytes: Uint8Array) => this.sent.push(fromBinary(BrowserMessageSchema, bytes)), close: () => undefined };
  }
  now = () => this.time;
  random = () => 1;
  after(milliseconds: number, run: () => void) {
    const timer = { at: this.time + milliseconds, run };
    this.timers.push(timer);
    return () => void (this.timers = this.timers.filter((other) => other !== timer));
  }
  pass(milliseconds: number): void {
    const end = this.time + milliseconds;
    for (;;) {
      const next = this.timers.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
      if (!next) break;
      this.timers = this.timers.filter((other) => other !== next);
      this.time = next.at;
      next.run();
    }
    this.time = end;
  }
  /** The gateway is well all the time; what it reaches may not be. */
  passAnswering(seconds: number): void {
    for (let second = 0; second < seconds; second++) {
      this.pass(1_000);
      this.say(0, { case: "pong", value: {} });
    }
  }
  say(channel: number, message: NonNullable<MessageInitShape<typeof GatewayMessageSchema>["message"]>): void {
    this.wire!.received(toBinary(GatewayMessageSchema, create(GatewayMessageSchema, { channel, message })));
  }
  hello(): void {
    this.say(0, {
      case: "hello",
      value: { gatewayVersion: "1", whoAmI: { subject: "user:alice" }, grant: { first: 5000 * this.sockets, count: 1024 } },
    });
  }
  frame(channel: number, frame: Frame): void {
    this.say(channel, { case: "watch", value: { message: { case: "frame", value: frame } } });
  }
  cut(code = 1006, reason = ""): void {
    this.wire!.closed(code, reason);
  }
  /** Closes the socket before the present one. */
  closeFormer(code: number, reason: string): void {
    this.formerWire!.closed(code, reason);
  }
  /** The open Watch channel, and what its first message asked for. */
  get watch() {
    const message = this.sent.findLast((one) => one.message.case === "watch" && one.message.value.message.case === "subscribe");
    if (message?.message.case !== "watch" || message.message.value.message.case !== "subscribe") throw new Error("no stream was opened");
    return { channel: message.channel, subscribe: message.message.value.message.value };
  }
  get link(): string | undefined {
    return this.reports.findLast((report) => report.tell === "link")?.link.is;
  }
  rows(): string[] {
    const held = new Set<string>();
    for (const report of this.reports) {
      if (report.tell !== "batch") continue;
      for (const { id } of report.batch.left) held.delete(id);
      for (const { id } of report.batch.arrived) held.add(id);
    }
    return [...held].map((id) => id.split("\n")[2] as string).sort();
  }
}
