/** Serves the tabs of one browser: one link, one catalog, one stream for each thing that is looked at. Runs in the worker. */
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
import type { Catalog, Hello, LinkState, Order, Report, ViewSpec } from "./messages";
import { Numbers } from "./numbers";
import { Runs } from "./runs";
import { SharedFeed } from "./shared-feed";
import { catalogOf } from "./translate";
import { CountsView } from "./counts-view";
import { ObjectsView, RowsView, type FeedView } from "./views";

/** A feed that nobody looks at any longer is kept so long, for whoever comes back at once. */
const LINGER_MS = 3_000;

/** One page's end of the service. */
export interface Tab {
  obey(order: Order): void;
  /** The page is gone. */
  leave(): void;
}

interface Open {
  readonly feed: SharedFeed;
  readonly view: FeedView;
}

interface Visitor {
  readonly report: (report: Report) => void;
  readonly views: Map<number, Open>;
  readonly runs: Runs;
  /** Whether it is there for the person who is signed in now. */
  isIn: boolean;
}

export class FeedService {
  private readonly link: Link;
  private linkState: LinkState = { is: "idle" };
  private readonly tabs = new Set<Visitor>();
  private readonly feeds = new Map<string, SharedFeed>();
  private isUp = false;
  private subject = "";
  private hello: Hello | undefined;
  private catalog: Catalog | undefined;
  private readonly numbers = new Numbers();
  private catalogChannel = 0;
  private catalogAttempt = 0;
  private cancelCatalog: (() => void) | undefined;

  constructor(private readonly host: Host) {
    this.link = new Link(host, {
      state: (link) => this.linkIs(link),
      up: (message) => this.up(message.message.value as GatewayHello),
      down: () => this.down(),
      message: (message, size) => this.message(message, size),
    });
  }

  /** Another page; `report` is how it is told. */
  join(report: (report: Report) => void): Tab {
    const runs = new Runs({
      open: (request) => (this.isUp ? this.openChannel({ case: "run", value: request }) : 0),
      send: (channel, request) => this.send(channel, { case: "run", value: request }),
      close: (channel) => this.send(channel, { case: "close", value: {} }),
      tell: (run, event) => report({ tell: "run", run, event }),
      signedOut: (reason) => this.signOut(reason || "Your session has ended."),
    });
    const tab: Visitor = { report, views: new Map(), runs, isIn: false };
    this.tabs.add(tab);
    return {
      obey: (order) => this.obey(tab, order),
      leave: () => {
        this.leave(tab);
        this.tabs.delete(tab);
        // Nobody is left to look: nothing is held for nobody.
        if (this.tabs.size === 0) this.forget();
      },
    };
  }

  private obey(tab: Visitor, order: Order): void {
    switch (order.do) {
      case "start":
        this.start(tab, order.url, order.subject, order.isNew ?? false);
        break;
      case "stop":
        this.turnOut(tab, "You signed out in another tab.");
        this.forget();
        break;
      case "leave":
        this.leave(tab);
        break;
      case "live":
        break;
      case "wake":
        this.link.wake();
        break;
      case "open":
        this.look(tab, order.view, order.spec, (feed) => new ObjectsView(order.view, tab.report, feed.stream.all()));
        break;
      case "table":
        this.look(tab, order.view, order.spec, (feed) => {
          if (!feed.rows) throw new Error("a table is of rows");
          return new RowsView(order.view, tab.report, feed.rows, order.look);
        });
        break;
      case "count":
        this.look(tab, order.view, order.spec, (feed) => {
          if (!feed.rows) throw new Error("what is counted is rows");
          return new CountsView(order.view, tab.report, feed.rows);
        });
        break;
      case "look":
        this.table(tab, order.view)?.turn(order.look);
        break;
      case "ask":
        this.table(tab, order.view)?.answer(order.ask, order.of);
        break;
      case "mark":
        this.table(tab, order.view)?.mark(order.mark);
        break;
      case "close":
        this.close(tab, order.view);
        break;
      case "taken":
        tab.views.get(order.view)?.view.taken();
        break;
      case "run":
        tab.runs.begin(order.run, order.start);
        break;
      case "feed":
        tab.runs.feed(order.run, order.input);
        break;
      case "credit":
        tab.runs.credit(order.run, order.bytes);
        break;
      case "end":
        tab.runs.end(order.run);
        break;
    }
  }

  private start(tab: Visitor, url: string, subject: string, isNew: boolean): void {
    tab.isIn = true;
    const isRunning = this.linkState.is !== "idle" && this.linkState.is !== "signed-out";
    if (isRunning && subject === this.subject) {
      tab.report({ tell: "link", link: this.linkState });
      if (this.hello) tab.report({ tell: "hello", hello: this.hello });
      if (this.catalog) tab.report({ tell: "catalog", catalog: this.catalog });
      // The present socket is of a session that has ended with it: its end would sign everybody out.
      if (isNew) this.link.renew();
      return;
    }
    if (this.subject !== "" && subject !== this.subject) {
      // The cookie is the browser's: what other tabs show was shown to somebody else.
      this.turnOut(tab, "Somebody else signed in in another tab.");
      this.forget();
    }
    this.subject = subject;
    this.link.start(url);
  }

  /** Sends all tabs but one away. */
  private turnOut(but: Visitor, reason: string): void {
    for (const tab of this.tabs) {
      if (tab === but || !tab.isIn) continue;
      tab.isIn = false;
      tab.report({ tell: "link", link: { is: "signed-out", reason } });
    }
  }

  private tellAll(report: Report): void {
    for (const tab of this.tabs) if (tab.isIn) tab.report(report);
  }

  /** Ends everything and forgets it. */
  private forget(): void {
    this.subject = "";
    this.hello = undefined;
    this.catalog = undefined;
    for (const tab of this.tabs) {
      tab.views.clear();
      tab.runs.endAll();
    }
    for (const feed of this.feeds.values()) feed.dispose();
    this.feeds.clear();
    this.link.stop();
  }

  private signOut(reason: string): void {
    this.forget();
    this.linkIs({ is: "signed-out", reason });
  }

  private leave(tab: Visitor): void {
    for (const view of [...tab.views.keys()]) this.close(tab, view);
    tab.runs.endAll();
  }

  private linkIs(link: LinkState): void {
    this.linkState = link;
    if (link.is === "signed-out") this.forgetViews();
    this.tellAll({ tell: "link", link });
  }

  /** What was shown was shown to somebody who may no longer see it. */
  private forgetViews(): void {
    for (const tab of this.tabs) tab.views.clear();
    for (const feed of this.feeds.values()) feed.dispose();
    this.feeds.clear();
    this.catalog = undefined;
  }

  private look(tab: Visitor, number: number, spec: ViewSpec, make: (feed: SharedFeed) => FeedView): void {
    this.close(tab, number);
    const key = JSON.stringify([spec.cluster, spec.type, spec.namespaces, spec.names, spec.labels ?? "", spec.detail]);
    let feed = this.feeds.get(key);
    if (feed?.hasFailed && feed.isUnused) {
      // Whoever looks again wants it tried again.
      feed.dispose();
      feed = undefined;
    }
    const isNew = feed === undefined;
    if (!feed) {
      feed = new SharedFeed(spec, this.host, {
        open: (request) => this.openChannel({ case: "watch", value: request }),
        send: (channel, request) => this.send(channel, { case: "watch", value: request }),
        close: (channel) => this.send(channel, { case: "close", value: {} }),
        signedOut: (reason) => this.signOut(reason || "Your session has ended."),
      });
      this.feeds.set(key, feed);
    }
    const view = make(feed);
    tab.views.set(number, { feed, view });
    feed.join(view);
    if (isNew && this.isUp) feed.stream.connected();
  }

  private table(tab: Visitor, number: number): RowsView | undefined {
    const view = tab.views.get(number)?.view;
    return view instanceof RowsView ? view : undefined;
  }

  private close(tab: Visitor, number: number): void {
    const open = tab.views.get(number);
    if (!open) return;
    tab.views.delete(number);
    const { feed, view } = open;
    feed.leave(view);
    if (!feed.isUnused) return;
    this.host.after(LINGER_MS, () => {
      if (!feed.isUnused) return;
      feed.dispose();
      for (const [key, held] of this.feeds) if (held === feed) this.feeds.delete(key);
    });
  }

  private up(hello: GatewayHello): void {
    this.isUp = true;
    this.numbers.restart(hello.grant);
    this.hello = {
      gatewayVersion: hello.gatewayVersion,
      subject: hello.whoAmI?.subject ?? "",
      memberships: hello.whoAmI?.memberships ?? [],
    };
    this.tellAll({ tell: "hello", hello: this.hello });
    this.openCatalog();
    for (const feed of this.feeds.values()) feed.stream.connected();
  }

  private down(): void {
    this.isUp = false;
    this.catalogChannel = 0;
    this.cancelCatalog?.();
    for (const feed of this.feeds.values()) feed.stream.disconnected();
    for (const tab of this.tabs) tab.runs.disconnected();
  }

  private openCatalog(): void {
    this.catalogChannel = this.openChannel({ case: "catalog", value: {} });
  }

  private message(message: GatewayMessage, size: number): void {
    const { channel } = message;
    const content = message.message;
    if (content.case === "grant") {
      this.numbers.add(content.value);
      return;
    }
    if (channel === this.catalogChannel) {
      if (content.case === "catalog") {
        this.catalogAttempt = 0;
        this.catalog = catalogOf(content.value, this.host.now());
        this.tellAll({ tell: "catalog", catalog: this.catalog });
      } else if (content.case === "closed") {
        this.catalogClosed(content.value);
      }
      return;
    }
    for (const { runs } of this.tabs) {
      if (content.case === "run" && runs.received(channel, content.value)) return;
      if (content.case === "closed" && runs.closed(channel, content.value)) return;
    }
    for (const { stream } of this.feeds.values()) {
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
      this.signOut(end.message || "Your session has ended.");
      return;
    }
    this.catalogAttempt += 1;
    const { retryAfter: after } = end;
    const asked = after ? Number(after.seconds) * 1000 + after.nanos / 1e6 : 0;
    const wait = asked + delaySeconds(this.catalogAttempt, () => this.host.random()) * 1000;
    this.cancelCatalog = this.host.after(wait, () => this.isUp && this.openCatalog());
  }

  private openChannel(message: BrowserContent): number {
    const channel = this.numbers.next();
    this.send(channel, message);
    return channel;
  }

  private send(channel: number, message: BrowserContent): void {
    this.link.send(create(BrowserMessageSchema, { channel, message }));
  }
}

type BrowserContent = NonNullable<MessageInitShape<typeof BrowserMessageSchema>["message"]>;
