/** Runs one operation from the page: begins it, gives its output as it comes, makes room for more, and tells its end. */
import { create, toBinary, type MessageInitShape } from "@bufbuild/protobuf";
import type { FeedClient } from "../feed/client";
import type { RunEvent } from "../feed/messages";
import { DocumentRole, OperationInputSchema, OperationOutcome, OperationStartSchema } from "../gen/octokube/v1/operation_pb";

export type Start = MessageInitShape<typeof OperationStartSchema>;
export type Result = Extract<RunEvent, { is: "result" }>;
export type Bytes = Extract<RunEvent, { is: "bytes" }>;

const INITIAL_CREDIT = 262_144;
/** Room is given back in quarters: the other side never stands still while somebody reads. */
const STEP = INITIAL_CREDIT / 4;
const MAX_CONTENT = 65_536;

export interface Document {
  readonly role: DocumentRole;
  readonly type: string;
  readonly namespace: string;
  readonly name: string;
  readonly object: Record<string, unknown>;
  readonly hiddenChanges: readonly string[];
}

export interface Ending {
  readonly isDone: boolean;
  /** One sentence; may be empty after a success. */
  readonly message: string;
  readonly result: Result | undefined;
}

export interface Events {
  bytes?(event: Bytes): void;
  document?(document: Document): void;
  progress?(sentence: string, about: string): void;
  lease?(lease: { until: number; reason: string; isRecorded: boolean }): void;
}

export interface Operation {
  readonly ended: Promise<Ending>;
  /** Sends standard input, as fast as the cluster's end takes it. */
  type(bytes: Uint8Array): void;
  resize(columns: number, rows: number): void;
  /** Ends it from this side. */
  cancel(): void;
}

export function run(feed: FeedClient, start: Start, events: Events): Operation {
  let consumed = 0;
  let credit = INITIAL_CREDIT;
  let parts: Uint8Array[] = [];
  let waiting: Uint8Array[] = [];
  let finish: (ending: Ending) => void = () => {};
  const ended = new Promise<Ending>((resolve) => (finish = resolve));
  const encoded = toBinary(OperationStartSchema, create(OperationStartSchema, { idempotencyKey: crypto.randomUUID(), ...start }));

  const took = (size: number) => {
    consumed += size;
    if (consumed < STEP) return;
    handle.credit(consumed);
    consumed = 0;
  };
  const handle = feed.run(encoded, (event) => {
    switch (event.is) {
      case "bytes":
        events.bytes?.(event);
        took(event.bytes.length);
        break;
      case "document":
        parts.push(event.content);
        took(event.content.length);
        if (event.isLast) {
          const { role, type, namespace, name, hiddenChanges } = event;
          events.document?.({ role, type, namespace, name, hiddenChanges, object: parsed(parts) });
          parts = [];
        }
        break;
      case "progress":
        events.progress?.(event.sentence, event.about);
        break;
      case "lease":
        events.lease?.(event);
        break;
      case "credit":
        credit += event.bytes;
        flush();
        break;
      case "result":
        finish({ isDone: event.outcome === OperationOutcome.SUCCEEDED, message: event.message, result: event });
        break;
      case "lost":
        finish({ isDone: false, message: event.reason, result: undefined });
        break;
    }
  });
  const send = (input: MessageInitShape<typeof OperationInputSchema>["input"]) =>
    handle.feed(toBinary(OperationInputSchema, create(OperationInputSchema, { input })));
  function flush(): void {
    while (waiting[0] && credit > 0) {
      const part = waiting[0].subarray(0, Math.min(credit, MAX_CONTENT));
      credit -= part.length;
      if (part.length === waiting[0].length) waiting.shift();
      else waiting[0] = waiting[0].subarray(part.length);
      send({ case: "stdin", value: part });
    }
  }
  return {
    ended,
    type: (bytes) => {
      if (bytes.length > 0) waiting.push(bytes);
      flush();
    },
    resize: (columns, rows) => send({ case: "resize", value: { columns, rows } }),
    cancel: () => {
      handle.end();
      waiting = [];
      finish({ isDone: false, message: "ended by you", result: undefined });
    },
  };
}

function parsed(parts: readonly Uint8Array[]): Record<string, unknown> {
  const whole = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return JSON.parse(new TextDecoder().decode(whole)) as Record<string, unknown>;
}
