/** A hub made up for tests: a cluster that changes by chance, and streams that tell of it as frame.proto promises. */
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { type Frame, FrameKind, FrameSchema, TombstoneReason, type EntrySchema } from "../src/gen/octokube/v1/frame_pb";
import { SnapshotDigest } from "../src/state/digest";

export interface SyntheticObject {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly version: number;
  readonly restarts: number;
}

type EntryInit = MessageInitShape<typeof EntrySchema>;

const encoder = new TextEncoder();

/** The objects and their whole history. Versions are dense from 1. */
export class SyntheticCluster {
  readonly objects = new Map<string, SyntheticObject>();
  readonly gone: { version: number; object: SyntheticObject; reason: TombstoneReason }[] = [];
  version = 0;
  private uids = 0;

  constructor(readonly name = "harbour") {}

  put(namespace: string, name: string): SyntheticObject {
    const held = this.objects.get(`${namespace}/${name}`);
    this.version += 1;
    const uid = held?.uid ?? `uid-${++this.uids}`;
    const object = { namespace, name, uid, version: this.version, restarts: (held?.restarts ?? -1) + 1 };
    this.objects.set(`${namespace}/${name}`, object);
    return object;
  }

  remove(namespace: string, name: string, reason = TombstoneReason.DELETED): void {
    const object = this.objects.get(`${namespace}/${name}`);
    if (!object) return;
    this.version += 1;
    this.objects.delete(`${namespace}/${name}`);
    this.gone.push({ version: this.version, object, reason });
  }

  /** What a receiver should hold: name of each object and its version. */
  content(): Record<string, string> {
    return Object.fromEntries([...this.objects].map(([id, object]) => [id, String(object.version)]));
  }
}

/** One stream of a cluster. Sequences are its own. */
export class SyntheticStream {
  private sequence = 0n;
  private sent = 0;

  constructor(
    private readonly cluster: SyntheticCluster,
    private readonly partSize = 3,
  ) {}

  snapshot(): Frame[] {
    const objects = [...this.cluster.objects.values()];
    const digest = new SnapshotDigest();
    for (const { namespace, name, uid, version } of objects) digest.add("pods", namespace, name, uid, String(version));
    const frames = [this.frame({ kind: FrameKind.SNAPSHOT_BEGIN, itemCount: BigInt(objects.length), resumeOutcome: "new" })];
    for (let start = 0; start < objects.length; start += this.partSize) {
      const entries = objects.slice(start, start + this.partSize).map(entryOf);
      frames.push(this.frame({ kind: FrameKind.SNAPSHOT_PART, entries }));
    }
    frames.push(this.frame({ kind: FrameKind.SNAPSHOT_END, itemCount: BigInt(objects.length), digest: digest.value, ...this.token() }));
    this.sent = this.cluster.version;
    return frames;
  }

  /** From a token of an earlier stream; what the receiver may know already is told again. */
  resume(token: Uint8Array): Frame[] {
    this.sent = Number(new TextDecoder().decode(token));
    return [this.delta()];
  }

  delta(): Frame {
    const entries = [...this.cluster.objects.values()].filter(({ version }) => version > this.sent).map(entryOf);
    const tombstones = this.cluster.gone
      .filter(({ version }) => version > this.sent)
      .map(({ object: { namespace, name, uid }, reason }) => ({ key: { type: "pods", namespace, name, uid }, reason }));
    this.sent = this.cluster.version;
    return this.frame({ kind: FrameKind.DELTA, entries, tombstones, ...this.token() });
  }

  bookmark(): Frame {
    return this.frame({ kind: FrameKind.BOOKMARK });
  }

  private token(): { resumeToken: Uint8Array } {
    return { resumeToken: encoder.encode(String(this.cluster.version)) };
  }

  private frame(init: MessageInitShape<typeof FrameSchema>): Frame {
    this.sequence += 1n;
    return create(FrameSchema, { cluster: this.cluster.name, sequence: this.sequence, ...init });
  }
}

function entryOf({ namespace, name, uid, version, restarts }: SyntheticObject): EntryInit {
  return {
    key: { type: "pods", namespace, name, uid },
    resourceVersion: String(version),
    row: { cells: [{ value: { case: "text", value: "Running" } }, { value: { case: "number", value: BigInt(restarts) } }] },
  };
}
