/** A synthetic hub: makes frames as the real one would, so that tests can cut, tear and reorder them. */
import { create } from "@bufbuild/protobuf";
import {
  EntrySchema,
  FrameKind,
  FrameSchema,
  TombstoneReason,
  TombstoneSchema,
  type Entry,
  type Frame,
} from "../../src/gen/octokube/v1/frame_pb";
import { CellSchema, ClusterCondition, KeySchema, RowSchema } from "../../src/gen/octokube/v1/resource_pb";
import { SnapshotDigest } from "../../src/state/digest";

export const CLUSTER = "demo";

export interface Thing {
  readonly name: string;
  readonly uid: string;
  readonly version: string;
  readonly status: string;
}

export function thing(name: string, version = "1", status = "Running", uid = `uid-${name}`): Thing {
  return { name, uid, version, status };
}

export function keyOf(one: Pick<Thing, "name" | "uid">) {
  return create(KeySchema, { type: "pods", namespace: "payments", name: one.name, uid: one.uid });
}

export function entryOf(one: Thing): Entry {
  const row = create(RowSchema, {
    cells: [
      create(CellSchema, { value: { case: "text", value: one.status } }),
      create(CellSchema, { value: { case: "unixSeconds", value: 1000n } }),
    ],
  });
  return create(EntrySchema, { key: keyOf(one), resourceVersion: one.version, row });
}

/** Frames of one stream with dense sequences. */
export class HubStream {
  private sequence = 0n;

  private next(kind: FrameKind, rest: object = {}): Frame {
    this.sequence += 1n;
    return create(FrameSchema, {
      sequence: this.sequence,
      kind,
      cluster: CLUSTER,
      asOf: { seconds: 1_700_000_000n + this.sequence, nanos: 0 },
      resumeToken: new TextEncoder().encode(`token-${this.sequence}`),
      ...rest,
    });
  }

  snapshot(things: readonly Thing[], partSize = 2): Frame[] {
    const state = { condition: ClusterCondition.LIVE };
    const frames = [this.next(FrameKind.SNAPSHOT_BEGIN, { itemCount: BigInt(things.length), clusterState: state })];
    const digest = new SnapshotDigest();
    for (const one of things) digest.add("pods", "payments", one.name, one.uid, one.version);
    for (let start = 0; start < things.length; start += partSize) {
      frames.push(this.next(FrameKind.SNAPSHOT_PART, { entries: things.slice(start, start + partSize).map(entryOf) }));
    }
    frames.push(this.next(FrameKind.SNAPSHOT_END, { itemCount: BigInt(things.length), digest: digest.value }));
    return frames;
  }

  delta(arrived: readonly Thing[], left: readonly Pick<Thing, "name" | "uid">[] = [], reason = TombstoneReason.DELETED): Frame {
    return this.next(FrameKind.DELTA, {
      entries: arrived.map(entryOf),
      tombstones: left.map((one) => create(TombstoneSchema, { key: keyOf(one), reason })),
    });
  }

  bookmark(): Frame {
    return this.next(FrameKind.BOOKMARK);
  }
}
