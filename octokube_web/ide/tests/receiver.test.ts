/** The copy is what the hub had, whatever happens to the stream. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { TombstoneReason } from "../src/gen/octokube/v1/frame_pb";
import { crc32 } from "../src/state/crc32";
import { SnapshotDigest } from "../src/state/digest";
import { FeedFault, OutOfSequence, Receiver, TornSnapshot } from "../src/state/receiver";
import { SyntheticCluster, SyntheticStream } from "./synthetic";

function content(receiver: Receiver): Record<string, string> {
  const objects = [...(receiver.clusters.get("harbour")?.store.all() ?? [])];
  return Object.fromEntries(objects.map((object) => [`${object.namespace}/${object.name}`, object.resourceVersion]));
}

function cluster(...names: string[]): SyntheticCluster {
  const made = new SyntheticCluster();
  for (const name of names) made.put("payments", name);
  return made;
}

function filled(from: SyntheticCluster): { receiver: Receiver; stream: SyntheticStream } {
  const receiver = new Receiver();
  const stream = new SyntheticStream(from);
  for (const frame of stream.snapshot()) receiver.apply(frame);
  return { receiver, stream };
}

test("the check sums equal those of Python", () => {
  expect(crc32("123456789")).toBe(0xcbf43926);
  expect(crc32("käse\n⎈")).toBe(539910481);
  const digest = new SnapshotDigest();
  digest.add("pods", "payments", "a", "u1", "1");
  digest.add("nodes", "", "n", "u2", "2");
  expect(digest.value).toBe(9315503300835454677n);
});

test("a snapshot is shown whole or not at all", () => {
  const receiver = new Receiver();
  const frames = new SyntheticStream(cluster("a", "b", "c", "d")).snapshot();
  for (const frame of frames.slice(0, -1)) {
    expect(receiver.apply(frame)).toEqual([]);
    expect(content(receiver)).toEqual({});
  }
  expect(receiver.apply(frames.at(-1)!).map(({ kind }) => kind)).toEqual(["added", "added", "added", "added"]);
});

test("a lost frame and a repeated one are refused and change nothing", () => {
  const source = cluster("a");
  const { receiver, stream } = filled(source);
  source.put("payments", "b");
  const lost = stream.delta();
  source.put("payments", "c");
  const next = stream.delta();
  expect(() => receiver.apply(next)).toThrow(OutOfSequence);
  expect(content(receiver)).toEqual({ "payments/a": "1" });
  receiver.apply(lost);
  expect(() => receiver.apply(lost)).toThrow(OutOfSequence);
});

test("a snapshot that lacks an entry or mixes versions never replaces the copy", () => {
  const source = cluster("a", "b");
  const { receiver, stream } = filled(source);
  source.put("payments", "c");
  const frames = stream.snapshot();
  frames[1]!.entries[0]!.resourceVersion = "999";
  for (const frame of frames.slice(0, -1)) receiver.apply(frame);
  expect(() => receiver.apply(frames.at(-1)!)).toThrow(TornSnapshot);
  expect(content(receiver)).toEqual({ "payments/a": "1", "payments/b": "2" });
});

test("a delta inside a snapshot is a torn snapshot", () => {
  const { receiver, stream } = filled(cluster("a"));
  receiver.apply(stream.snapshot()[0]!);
  const late = new SyntheticStream(cluster("b"));
  const frame = late.delta();
  frame.sequence = receiver.sequence + 1n;
  expect(() => receiver.apply(frame)).toThrow(TornSnapshot);
});

test("what is withdrawn is forgotten, and told apart from what was deleted", () => {
  const source = cluster("a", "b");
  const { receiver, stream } = filled(source);
  source.remove("payments", "a", TombstoneReason.WITHDRAWN);
  source.remove("payments", "b");
  const changes = receiver.apply(stream.delta());
  expect(changes.map(({ kind, object }) => [object.name, kind])).toEqual([["a", "withdrawn"], ["b", "deleted"]]);
  expect(content(receiver)).toEqual({});
});

test("an object made anew under its name outlives its predecessor's tombstone", () => {
  const source = cluster("a");
  const { receiver, stream } = filled(source);
  source.remove("payments", "a");
  source.put("payments", "a");
  expect(receiver.apply(stream.delta()).map(({ kind }) => kind)).toEqual(["deleted", "added"]);
  expect(content(receiver)).toEqual({ "payments/a": "3" });
});

test("a receiver that is distrusted asks for a snapshot and keeps what it shows until then", () => {
  const { receiver } = filled(cluster("a"));
  expect(receiver.resumePoints()).toHaveLength(1);
  receiver.distrust();
  // Named with a token that no hub can read: a hub that is not asked about a cluster can't have it forgotten.
  expect(receiver.resumePoints()).toEqual([{ cluster: "harbour", resumeToken: new Uint8Array(1) }]);
  expect(content(receiver)).toEqual({ "payments/a": "1" });
});

test("a patch changes the body that is held, and needs one", () => {
  const source = cluster("a");
  const { receiver, stream } = filled(source);
  const patched = (patch: string, body = "") => {
    source.put("payments", "a");
    const frame = stream.delta();
    frame.entries[0]!.body = new TextEncoder().encode(body);
    frame.entries[0]!.patch = new TextEncoder().encode(patch);
    frame.sequence = receiver.sequence + 1n;
    return frame;
  };
  const held = () => [...receiver.clusters.get("harbour")!.store.all()][0]!.body;
  receiver.apply(patched("", '{"a":{"b":1,"c":2}}'));
  receiver.apply(patched('{"a":{"b":null,"d":3},"B":[null]}'));
  expect(held()).toBe('{"B":[null],"a":{"c":2,"d":3}}');
  receiver.apply(patched('{"__proto__":{"a":1}}'));
  expect(held()).toBe('{"B":[null],"__proto__":{"a":1},"a":{"c":2,"d":3}}');
  expect(() => receiver.apply(patched("[]"))).toThrow(FeedFault);
  expect(() => receiver.apply(patched("{"))).toThrow(FeedFault);
  receiver.apply(patched("", ""));
  expect(() => receiver.apply(patched("{}"))).toThrow(/no body is held/);
});

const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant("put" as const), name: fc.integer({ min: 0, max: 9 }) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("remove" as const), name: fc.integer({ min: 0, max: 9 }), isDeleted: fc.boolean() }) },
  { weight: 4, arbitrary: fc.constant({ do: "delta" as const }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("lose" as const) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("cut" as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("cut in a snapshot" as const), after: fc.integer({ min: 1, max: 3 }) }) },
);

test("through changes, losses, cuts and resumes the copy ends equal to the cluster", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const source = cluster("0", "1", "2");
      let { receiver, stream } = filled(source);
      const reconnect = () => {
        receiver.restart();
        stream = new SyntheticStream(source);
        const [point] = receiver.resumePoints();
        for (const frame of point && point.resumeToken.length > 1 ? stream.resume(point.resumeToken) : stream.snapshot()) receiver.apply(frame);
      };
      for (const one of steps) {
        if (one.do === "put") source.put("payments", String(one.name));
        else if (one.do === "remove") source.remove("payments", String(one.name), one.isDeleted ? TombstoneReason.DELETED : TombstoneReason.WITHDRAWN);
        else if (one.do === "delta") receiver.apply(stream.delta());
        else if (one.do === "cut") reconnect();
        else if (one.do === "lose") {
          stream.delta();
          expect(() => receiver.apply(stream.bookmark())).toThrow(OutOfSequence);
          reconnect();
        } else {
          const held = content(receiver);
          for (const frame of stream.snapshot().slice(0, one.after)) {
            if (frame.digest === 0n && frame.itemCount === 0n && source.objects.size === 0) break;
            receiver.apply(frame);
            if (frame.resumeToken.length === 0) expect(content(receiver)).toEqual(held);
          }
          receiver.distrust();
          reconnect();
        }
      }
      receiver.apply(stream.delta());
      expect(content(receiver)).toEqual(source.content());
    }),
    { numRuns: 200 },
  );
});
