/** Carries operations between the page and their channels. A broken socket ends them: what they did is not known then. */
import { create, fromBinary, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import type { ChannelClosed } from "../gen/octokube/v1/browser_pb";
import {
  OperationInputSchema,
  OperationStartSchema,
  RunRequestSchema,
  type OperationOutput,
  type RunRequest,
  type RunResponse,
} from "../gen/octokube/v1/operation_pb";
import type { RunEvent } from "./messages";

export interface RunsEvents {
  /** Opens a channel on the present socket; 0 when there is none. */
  open(request: RunRequest): number;
  send(channel: number, request: RunRequest): void;
  close(channel: number): void;
  tell(run: number, event: RunEvent): void;
  signedOut(reason: string): void;
}

const LOST = "the connection was lost; whether it was carried out is not known";

export class Runs {
  private readonly channels = new Map<number, number>();
  private readonly runs = new Map<number, number>();

  constructor(private readonly events: RunsEvents) {}

  /** `start` is an encoded OperationStart. */
  begin(run: number, start: Uint8Array): void {
    const channel = this.events.open(requestOf({ case: "start", value: fromBinary(OperationStartSchema, start) }));
    if (channel === 0) {
      this.events.tell(run, { is: "lost", code: "UNAVAILABLE", reason: "there is no connection to the gateway; try again when it is back" });
      return;
    }
    this.channels.set(run, channel);
    this.runs.set(channel, run);
  }

  /** `input` is an encoded OperationInput. */
  feed(run: number, input: Uint8Array): void {
    const channel = this.channels.get(run);
    if (channel !== undefined) this.events.send(channel, requestOf({ case: "input", value: fromBinary(OperationInputSchema, input) }));
  }

  /** Lets so many bytes more come. */
  credit(run: number, bytes: number): void {
    const channel = this.channels.get(run);
    if (channel !== undefined) this.events.send(channel, requestOf({ case: "credit", value: { bytes: BigInt(bytes) } }));
  }

  /** Ends it from this side; nothing more is told of it. */
  end(run: number): void {
    const channel = this.channels.get(run);
    if (channel === undefined) return;
    this.forget(run, channel);
    this.events.close(channel);
  }

  endAll(): void {
    for (const run of [...this.channels.keys()]) this.end(run);
  }

  /** True when the channel is one of these. */
  received(channel: number, response: RunResponse): boolean {
    const run = this.runs.get(channel);
    if (run === undefined) return false;
    const event = eventOf(response);
    if (event !== undefined) this.events.tell(run, event);
    if (event?.is === "result") this.forget(run, channel);
    return true;
  }

  /** True when the channel was one of these. */
  closed(channel: number, end: ChannelClosed): boolean {
    const run = this.runs.get(channel);
    if (run === undefined) return false;
    this.forget(run, channel);
    this.events.tell(run, { is: "lost", code: end.code, reason: end.message || LOST });
    if (end.code === "UNAUTHENTICATED") this.events.signedOut(end.message);
    return true;
  }

  disconnected(): void {
    for (const [run, channel] of [...this.channels]) {
      this.forget(run, channel);
      this.events.tell(run, { is: "lost", code: "UNAVAILABLE", reason: LOST });
    }
  }

  private forget(run: number, channel: number): void {
    this.channels.delete(run);
    this.runs.delete(channel);
  }
}

function requestOf(message: NonNullable<MessageInitShape<typeof RunRequestSchema>["message"]>): RunRequest {
  return create(RunRequestSchema, { message });
}

function eventOf({ message }: RunResponse): RunEvent | undefined {
  switch (message.case) {
    case "lease": {
      const { until, reason, recorded } = message.value;
      return { is: "lease", until: until ? timestampMs(until) : 0, reason, isRecorded: recorded };
    }
    case "credit":
      return { is: "credit", bytes: Number(message.value.bytes) };
    case "output":
      return outputOf(message.value);
    case "result": {
      const { outcome, message: sentence, exitCode, conflicts, escalations, resourceVersion, decisionId } = message.value;
      return {
        is: "result",
        outcome,
        message: sentence,
        exitCode,
        conflicts: conflicts.map(({ manager, field }) => ({ manager, field })),
        escalations,
        resourceVersion,
        decisionId,
      };
    }
  }
  return undefined;
}

function outputOf({ output, source, about }: OperationOutput): RunEvent | undefined {
  const from = source ? { pod: source.pod, container: source.container } : undefined;
  switch (output.case) {
    case "stdout":
    case "stderr":
      return { is: "bytes", stream: output.case, bytes: output.value, from };
    case "progress":
      return { is: "progress", sentence: output.value, about: about?.name ?? "" };
    case "document": {
      const { role, key, content, last, hiddenChanges } = output.value;
      return { is: "document", role, type: key?.type ?? "", namespace: key?.namespace ?? "", name: key?.name ?? "", content, isLast: last, hiddenChanges };
    }
  }
  return undefined; // a forwarded port has no business in a page
}
