import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { FrameKind, TombstoneReason } from "../src/gen/octokube/v1/frame_pb";
import { crc32 } from "../src/state/crc32";
import { SnapshotDigest } from "../src/state/digest";
import { FeedFault, OutOfSequence, Receiver, TornSnapshot } from "../src/state/receiver";
import { CLUSTER, entryOf, HubStream, thing, type Thing } from "./help/hub";

function shown(receiver: Receiver): Record<string, string> {
  const copy = receiver.clusters.get(CLUSTER);
  return Object.fromEntries([...(copy?.objects.values() ?? [])].map((one) => [one.name, one.resourceVersion]));
}

function synced(...things: Thing[]): { receiver: Receiver; hub: HubStream } {
  const receiver = new Receiver();
  const hub = new HubStream();
  for (const frame of hub.snapshot(things)) receiver.apply(frame);
  return { receiver, hub };
}

describe("digest", () => {
  test("crc-32 is the one that zlib computes", () => {
    expect(crc32("123456789")).toBe(0xcbf43926);
    expect(crc32("")).toBe(0);
    expect(crc32("größe")).toBe(0x53a0a7f3);
  });

  test("the value equals the one of octokube.state for the same entries", () => {
    const digest = new SnapshotDigest();
    digest.add("pods", "payments", "api-0", "u1", "17");
    digest.add("nodes", "", "worker-1", "u2", "4");
    digest.add("pods", "payments", "größe", "u3", "9");
    expect(digest.value).toBe(8529574894592166757n);
  });

  test("it does not depend on the order of entries", () => {
    const parts = fc.array(fc.tuple(fc.string(), fc.string(), fc.string()), { maxLength: 30 });
    fc.assert(
      fc.property(parts, (entries) => {
        const forth = new SnapshotDigest();
        const back = new SnapshotDigest();
        for (const [name, uid, version] of entries) forth.add("pods", "", name, uid, version);
        for (const [name, uid, version] of [...entries].reverse()) back.add("pods", "", name, uid, version);
        expect(back.value).toBe(forth.value);
      }),
    );
  });
});

describe("receiver", () => {
  test("a snapshot is shown only when it is whole", () => {
    const receiver = new Receiver();
    const frames = new HubStream().snapshot([thing("a"), thing("b"), thing("c")]);
    for (const frame of frames.slice(0, -1)) expect(receiver.apply(frame)).toEqual([]);
    expect(shown(receiver)).toEqual({});
    expect(receiver.clusters.get(CLUSTER)?.isSynced).toBe(false);
    expect(receiver.apply(frames.at(-1)!).map((change) => change.kind)).toEqual(["added", "added", "added"]);
    expect(shown(receiver)).toEqual({ a: "1", b: "1", c: "1" });
  });

  test("a snapshot that lacks an entry is refused and the former content stays", () => {
    const { receiver } = synced(thing("a"));
    receiver.restart();
    const frames = new HubStream().snapshot([thing("x"), thing("y"), thing("z")], 1);
    frames[2]!.entries = [];
    for (const frame of frames.slice(0, -1)) receiver.apply(frame);
    expect(() => receiver.apply(frames.at(-1)!)).toThrow(TornSnapshot);
    expect(shown(receiver)).toEqual({ a: "1" });
  });

  test("a snapshot of the right count with another version inside is refused", () => {
    const receiver = new Receiver();
    const frames = new HubStream().snapshot([thing("x"), thing("y")], 1);
    frames[1]!.entries = [entryOf(thing("x", "2"))];
    for (const frame of frames.slice(0, -1)) receiver.apply(frame);
    expect(() => receiver.apply(frames.at(-1)!)).toThrow(TornSnapshot);
  });

  test("a delta inside a snapshot and a part without a beginning are torn snapshots", () => {
    const hub = new HubStream();
    const receiver = new Receiver();
    receiver.apply(hub.snapshot([])[0]!);
    const delta = hub.delta([thing("a")]);
    delta.sequence = 2n;
    expect(() => receiver.apply(delta)).toThrow(TornSnapshot);
    const orphan = new HubStream().snapshot([thing("a")])[1]!;
    orphan.sequence = 1n;
    expect(() => new Receiver().apply(orphan)).toThrow(TornSnapshot);
  });

  test("a hole and a repetition in the sequence are refused", () => {
    const { receiver, hub } = synced(thing("a"));
    const lost = hub.delta([thing("b")]);
    expect(() => receiver.apply(hub.delta([thing("c")]))).toThrow(OutOfSequence);
    receiver.apply(lost);
    expect(() => receiver.apply(lost)).toThrow(OutOfSequence);
    expect(shown(receiver)).toEqual({ a: "1", b: "1" });
  });

  test("a tombstone removes exactly its uid and says why", () => {
    const { receiver, hub } = synced(thing("a"), thing("b"));
    const other = hub.delta([], [thing("a", "1", "", "another-uid")]);
    expect(receiver.apply(other)).toEqual([]);
    expect(receiver.apply(hub.delta([], [thing("a")])).map((change) => change.kind)).toEqual(["deleted"]);
    const withdrawn = hub.delta([], [thing("b")], TombstoneReason.WITHDRAWN);
    expect(receiver.apply(withdrawn).map((change) => change.kind)).toEqual(["withdrawn"]);
    const repeated = hub.delta([], [thing("b")], TombstoneReason.UNSPECIFIED);
    expect(receiver.apply(repeated)).toEqual([]);
    expect(shown(receiver)).toEqual({});
  });

  test("a re-created object's predecessor leaves before it arrives", () => {
    const { receiver, hub } = synced(thing("a", "1", "Running", "old"));
    const changes = receiver.apply(hub.delta([thing("a", "2", "Pending", "new")], [thing("a", "1", "", "old")]));
    expect(changes.map(({ kind, object }) => `${kind} ${object.uid}`)).toEqual(["deleted old", "added new"]);
  });

  test("what is missing from a new snapshot is withdrawn, and what is equal is no change", () => {
    const { receiver } = synced(thing("a"), thing("b"), thing("c"));
    receiver.restart();
    const frames = new HubStream().snapshot([thing("a"), thing("b", "2")]);
    const changes = frames.flatMap((frame) => receiver.apply(frame));
    expect(changes.map(({ kind, object }) => `${kind} ${object.name}`)).toEqual(["withdrawn c", "modified b"]);
  });

  test("the newest token is handed back until the copy is distrusted", () => {
    const { receiver, hub } = synced(thing("a"));
    receiver.apply(hub.bookmark());
    const points = receiver.resumePoints().map((point) => new TextDecoder().decode(point.resumeToken));
    expect(points).toEqual([`token-${receiver.sequence}`]);
    receiver.distrust();
    expect(receiver.resumePoints()).toEqual([]);
    expect(shown(receiver)).toEqual({ a: "1" });
  });

  test("an unknown kind and a patch are faults that leave the copy as it was", () => {
    const { receiver, hub } = synced(thing("a"));
    const strange = hub.bookmark();
    strange.kind = 99 as FrameKind;
    expect(() => receiver.apply(strange)).toThrow(FeedFault);
    const patched = hub.delta([thing("a", "2"), thing("b")], [thing("a")]);
    patched.sequence = receiver.sequence + 1n;
    patched.entries[1]!.patch = new Uint8Array([1]);
    expect(() => receiver.apply(patched)).toThrow(FeedFault);
    expect(shown(receiver)).toEqual({ a: "1" });
  });

  test("whatever happens, whole frames applied in order lead to what the hub holds", () => {
    const step = fc.record({
      put: fc.uniqueArray(fc.integer({ min: 0, max: 8 }), { maxLength: 4 }),
      drop: fc.uniqueArray(fc.integer({ min: 0, max: 8 }), { maxLength: 3 }),
      isSnapshot: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
        const held = new Map<string, Thing>();
        const hub = new HubStream();
        const receiver = new Receiver();
        for (const frame of hub.snapshot([])) receiver.apply(frame);
        let version = 1;
        for (const { put, drop, isSnapshot } of steps) {
          const left = drop.filter((n) => !put.includes(n)).flatMap((n) => held.get(`p${n}`) ?? []);
          const arrived = put.map((n) => thing(`p${n}`, String(++version)));
          for (const one of left) held.delete(one.name);
          for (const one of arrived) held.set(one.name, one);
          const frames = isSnapshot ? hub.snapshot([...held.values()]) : [hub.delta(arrived, left)];
          for (const frame of frames) receiver.apply(frame);
        }
        expect(shown(receiver)).toEqual(Object.fromEntries([...held.values()].map((one) => [one.name, one.version])));
      }),
    );
  });
});
