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

export const browserHost: Host = {
  connect(url, events) {
    const socket = new WebSocket(url, SUBPROTOCOL);
    socket.binaryType = "arraybuffer";
    let isOver = false;
    const end = (code: number, reason: string) => {
      if (isOver) return;
      isOver = true;
      events.closed(code, reason);
    };
    socket.onopen = () => events.opened();
    socket.onmessage = (message: MessageEvent<ArrayBuffer>) => events.received(new Uint8Array(message.data));
    socket.onclose = (event) => end(event.code, event.reason);
    return {
      send: (bytes) => socket.send(bytes as Uint8Array<ArrayBuffer>),
      close: () => {
        socket.close();
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
