/** What the feed needs of its surroundings, so that tests can hold the clock and the wire. */
export interface Wire {
  send(bytes: Uint8Array): void;
  close(): void;
}

export interface WireEvents {
  opened(): void;
  received(bytes: Uint8Array): void;
  /** Once, after which nothing follows. Code 1006 also stands for a connection that never came about. */
  closed(code: number, reason: string): void;
}

export interface Host {
  connect(url: string, events: WireEvents): Wire;
  now(): number;
  random(): number;
  /** Runs once after some milliseconds; the result cancels. */
  after(milliseconds: number, run: () => void): () => void;
}

export const SUBPROTOCOL = "octokube.v1.proto";

const TICKET_PREFIX = "octokube.v1.ticket.";
const SIGN_IN_AGAIN = 4401;
const LOST = 1006;

/** A ticket for one socket: the cookie alone opens none, so that no other page can use it for one. */
async function askForTicket(url: string, signal: AbortSignal): Promise<{ ticket: string } | { code: number; reason: string }> {
  const place = new URL("/api/v1/tickets", url.replace(/^ws/, "http"));
  const answer = await fetch(place, { method: "POST", signal });
  if (answer.status === 401) return { code: SIGN_IN_AGAIN, reason: "sign in again" };
  if (!answer.ok) return { code: LOST, reason: "" };
  return (await answer.json()) as { ticket: string };
}

export const browserHost: Host = {
  connect(url, events) {
    const leaving = new AbortController();
    let socket: WebSocket | undefined;
    let isOver = false;
    const end = (code: number, reason: string) => {
      if (isOver) return;
      isOver = true;
      leaving.abort();
      events.closed(code, reason);
    };
    const open = (ticket: string) => {
      const opened = new WebSocket(url, [SUBPROTOCOL, TICKET_PREFIX + ticket]);
      opened.binaryType = "arraybuffer";
      opened.onopen = () => events.opened();
      opened.onmessage = (message: MessageEvent<ArrayBuffer>) => events.received(new Uint8Array(message.data));
      opened.onclose = (event) => end(event.code, event.reason);
      socket = opened;
    };
    askForTicket(url, leaving.signal).then(
      (answer) => {
        if (isOver) return;
        if ("ticket" in answer) open(answer.ticket);
        else end(answer.code, answer.reason);
      },
      () => end(LOST, ""),
    );
    return {
      send: (bytes) => socket?.send(bytes as Uint8Array<ArrayBuffer>),
      close: () => {
        socket?.close();
        // A dead network lets the closing handshake hang for a minute; we have left already.
        end(1000, "");
      },
    };
  },
  now: () => Date.now(),
  random: () => Math.random(),
  after(milliseconds, run) {
    const timer = setTimeout(run, milliseconds);
    return () => clearTimeout(timer);
  },
};
