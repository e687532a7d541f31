/** Keeps one socket to the gateway: connects, notices silence, waits with jitter, comes back. */
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import {
  BrowserMessageSchema,
  GatewayMessageSchema,
  type BrowserMessage,
  type GatewayMessage,
} from "../gen/octokube/v1/browser_pb";
import { delaySeconds } from "./backoff";
import type { Host, Wire } from "./host";
import type { LinkState } from "./messages";

export const SIGN_IN_AGAIN = 4401;
const PING_MS = 5_000;
/** Without a single message for so long, pongs included, the socket is dead whatever the browser believes. */
const SILENCE_MS = 12_000;
const CONNECT_MS = 10_000;
/** A connection that lasted so long was a good one: the next loss counts as the first. */
const STABLE_MS = 10_000;

export interface LinkEvents {
  state(state: LinkState): void;
  /** The gateway has said hello: channels may be opened, and any of former sockets are gone. */
  up(hello: GatewayMessage): void;
  down(): void;
  /** `size`: how many bytes it had. */
  message(message: GatewayMessage, size: number): void;
}

export class Link {
  private wire: Wire | undefined;
  private url = "";
  private attempt = 0;
  private upSince = 0;
  private heardAt = 0;
  private nonce = 0n;
  private cancelTimer: () => void = () => {};
  private state: LinkState = { is: "idle" };

  constructor(
    private readonly host: Host,
    private readonly events: LinkEvents,
  ) {}

  start(url: string): void {
    this.stop();
    this.url = url;
    this.attempt = 0;
    this.connect();
  }

  /** Goes on with another socket, which the browser opens as whoever is signed in now. */
  renew(): void {
    this.cancelTimer();
    this.attempt = 0;
    this.drop();
    this.connect();
  }

  /** Ends the socket and stays away until `start`. */
  stop(): void {
    this.cancelTimer();
    this.drop();
    this.become({ is: "idle" });
  }

  /** Something speaks for trying now: the network is back, the page is looked at, a person said so. */
  wake(): void {
    if (this.state.is === "waiting") this.connect();
    else if (this.state.is === "up") this.ping();
  }

  /** Sends when up; what is sent at other times has no one to reach and is dropped. */
  send(message: Omit<BrowserMessage, "$typeName" | "$unknown">): void {
    if (this.state.is === "up") this.wire?.send(toBinary(BrowserMessageSchema, create(BrowserMessageSchema, message)));
  }

  private connect(): void {
    this.cancelTimer();
    this.become({ is: "connecting", attempt: this.attempt });
    // Events of a socket that was replaced must not be taken for the present one's.
    const current: { wire?: Wire } = {};
    const isCurrent = () => this.wire !== undefined && this.wire === current.wire;
    current.wire = this.host.connect(this.url, {
      opened: () => {},
      received: (bytes) => isCurrent() && this.received(bytes),
      closed: (code, reason) => isCurrent() && this.closed(code, reason),
    });
    this.wire = current.wire;
    this.cancelTimer = this.host.after(CONNECT_MS, () => this.lost("the gateway did not answer in time"));
  }

  private received(bytes: Uint8Array): void {
    this.heardAt = this.host.now();
    let message: GatewayMessage;
    try {
      message = fromBinary(GatewayMessageSchema, bytes);
    } catch {
      this.lost("the gateway sent something unreadable");
      return;
    }
    if (this.state.is === "connecting") {
      if (message.message.case !== "hello") {
        this.lost("the gateway did not say hello");
        return;
      }
      this.cancelTimer();
      this.upSince = this.heardAt;
      this.become({ is: "up" });
      this.scheduleWatch();
      this.events.up(message);
    } else if (message.message.case !== "pong") {
      this.events.message(message, bytes.length);
    }
  }

  private closed(code: number, reason: string): void {
    if (code === SIGN_IN_AGAIN) {
      this.cancelTimer();
      this.drop();
      this.become({ is: "signed-out", reason: reason || "Your session has ended." });
    } else {
      this.lost(reason);
    }
  }

  private lost(reason: string): void {
    this.cancelTimer();
    const wasStable = this.state.is === "up" && this.host.now() - this.upSince >= STABLE_MS;
    this.drop();
    this.attempt = wasStable ? 1 : this.attempt + 1;
    const wait = delaySeconds(this.attempt, () => this.host.random()) * 1000;
    this.become({ is: "waiting", attempt: this.attempt, at: this.host.now() + wait, reason });
    this.cancelTimer = this.host.after(wait, () => this.connect());
  }

  private drop(): void {
    const wire = this.wire;
    this.wire = undefined;
    wire?.close();
    if (this.state.is === "up") this.events.down();
  }

  private scheduleWatch(): void {
    this.cancelTimer = this.host.after(PING_MS, () => {
      if (this.host.now() - this.heardAt >= SILENCE_MS) {
        this.lost("the connection went silent");
        return;
      }
      this.ping();
      this.scheduleWatch();
    });
  }

  private ping(): void {
    this.nonce += 1n;
    this.send({ channel: 0, message: { case: "ping", value: { $typeName: "octokube.v1.Ping", nonce: this.nonce } } });
  }

  private become(state: LinkState): void {
    this.state = state;
    this.events.state(state);
  }
}
