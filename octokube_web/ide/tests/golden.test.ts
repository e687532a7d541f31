/** The page makes of recorded streams what Python's receiver makes of them: tests/golden at the top is shared by both. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { fromBinary } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { WatchResponseSchema } from "../src/gen/octokube/v1/cluster_service_pb";
import { applyPatch, applyToBody, type Json } from "../src/state/merge-patch";
import { FeedFault, OutOfSequence, Receiver, TornSnapshot } from "../src/state/receiver";
import { Gone, VersionedStore, type Key, type Reason } from "../src/state/versioned-store";
import type { Viewed } from "../src/state/viewed";

interface Step {
  response: string;
  fault?: "FeedFault" | "OutOfSequence" | "TornSnapshot";
  changes?: [string, string][];
  cluster?: string;
  held?: { synced: boolean; as_of_ms: number; token: string; condition: number; objects: Record<string, unknown> };
}

const folder = resolve(import.meta.dirname, "../../../tests/golden");
const read = (name: string): unknown => JSON.parse(readFileSync(resolve(folder, name), "utf8"));
const streams = read("streams.json") as { name: string; messages: Step[] }[];
const patches = read("merge-patch.json") as [Json, Json, Json][];
const bodies = read("patched-bodies.json") as [string, string, string][];
const faults = { FeedFault, OutOfSequence, TornSnapshot };

function nameOf({ type, namespace, name, uid }: Viewed): string {
  return [type, namespace, name, uid].join("/");
}

function heldOf(receiver: Receiver, cluster: string): Step["held"] {
  const copy = receiver.clusters.get(cluster)!;
  const objects = copy.store.all().map(({ value: object }) => [
    nameOf(object),
    {
      resource_version: object.resourceVersion,
      cells: object.cells.map((cell) => cell ?? null),
      body: object.body === "" ? null : JSON.parse(object.body),
    },
  ]);
  const token = createHash("sha256").update(copy.resumeToken).digest("hex").slice(0, 8);
  return {
    synced: copy.isSynced,
    as_of_ms: Math.round(copy.asOf),
    token: copy.resumeToken.length > 0 ? token : "",
    condition: copy.state?.condition ?? 0,
    objects: Object.fromEntries(objects) as Record<string, unknown>,
  };
}

test.each(streams)("$name", ({ messages }) => {
  const receiver = new Receiver();
  for (const step of messages) {
    const { message } = fromBinary(WatchResponseSchema, Buffer.from(step.response, "base64"));
    if (message.case !== "frame") continue;
    const frame = message.value;
    if (frame.sequence === 1n) receiver.restart(); // a new stream
    if (step.fault) {
      let thrown: unknown;
      try {
        receiver.apply(frame);
      } catch (error) {
        thrown = error;
      }
      expect(thrown).toBeInstanceOf(FeedFault);
      expect((thrown as object).constructor).toBe(faults[step.fault]);
      return;
    }
    const changes = receiver.apply(frame).map(({ kind, object }) => [kind.toUpperCase(), nameOf(object)]);
    expect(changes).toEqual(step.changes);
    expect(heldOf(receiver, step.cluster!)).toEqual(step.held);
  }
});

type Plain = [string, string, string, string];
type Outcome = { gone: true } | { to: number; entries: [Plain, number, number][]; tombstones: [Plain, number, string][] };
interface Script {
  limit: number;
  operations: [string, Plain | null, number, number | string | null][];
  horizon: number;
  after: Outcome[];
}

const keyOf = ([type, namespace, name, uid]: Plain): Key => ({ type, namespace, name, uid });
const plain = ({ type, namespace, name, uid }: Key): Plain => [type, namespace, name, uid];

function outcome(store: VersionedStore<number>, version: number): Outcome {
  try {
    const { toVersion, entries, tombstones } = store.changesAfter(version);
    return {
      to: toVersion,
      entries: entries.map(({ key, version: at, value }) => [plain(key), at, value]),
      tombstones: tombstones.map(({ key, version: at, reason }) => [plain(key), at, reason]),
    };
  } catch (error) {
    if (!(error instanceof Gone)) throw error;
    return { gone: true };
  }
}

test("a store tells the same of every version as Python's", () => {
  for (const script of read("stores.json") as Script[]) {
    const store = new VersionedStore<number>(script.limit);
    for (const [operation, key, version, detail] of script.operations) {
      if (operation === "put") store.put(keyOf(key!), version, detail as number);
      else if (operation === "remove") store.remove(keyOf(key!), version, detail as Reason);
      else if (operation === "bury") store.bury({ key: keyOf(key!), version, reason: detail as Reason });
      else store.advance(version);
    }
    expect(store.horizon).toBe(script.horizon);
    expect(script.after.map((_, version) => outcome(store, version))).toEqual(script.after);
  }
});

test("a store keeps to its rules", () => {
  const store = new VersionedStore<number>(2);
  const key = { type: "pods", namespace: "red", name: "web", uid: "1" };
  store.put(key, 1, 1);
  expect(() => store.put(key, 1, 2)).toThrow(/versions only grow/);
  expect(() => store.put({ ...key, uid: "2" }, 2, 2)).toThrow(/another uid/);
  expect(() => store.advance(0)).toThrow(/versions only grow/);
  expect(() => store.changesAfter(2)).toThrow(/the newest is 1/);
  expect(store.remove({ ...key, uid: "2" }, 2, "deleted")).toBe(false);
  expect(store.version).toBe(1);
  for (let version = 2; version < 1000; version++) store.bury({ key: { ...key, uid: `${version}` }, version, reason: "deleted" });
  expect(store.changesAfter(997).tombstones.map(({ version }) => version)).toEqual([998, 999]);
  expect(() => store.changesAfter(996)).toThrow(Gone);
});

test.each(patches)("%j and %j make %j", (target, patch, result) => {
  expect(applyPatch(target, patch)).toEqual(result);
});

test.each(bodies)("the body %s patched with %s is %s to the byte", (body, patch, result) => {
  expect(applyToBody(body, patch)).toBe(result);
});
