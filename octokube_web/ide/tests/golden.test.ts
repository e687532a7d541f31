/** The page makes of recorded streams what Python's receiver makes of them: tests/golden at the top is shared by both. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { fromBinary } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { WatchResponseSchema } from "../src/gen/octokube/v1/cluster_service_pb";
import { applyPatch, applyToBody, type Json } from "../src/state/merge-patch";
import { FeedFault, OutOfSequence, Receiver, TornSnapshot } from "../src/state/receiver";
import { RowStore } from "../src/table/row-store";
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
  const objects = [...copy.store.all()].map((object) => [
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

const hasBodies = ({ messages }: { messages: Step[] }) =>
  messages.some(({ held }) => Object.values(held?.objects ?? {}).some((object) => (object as { body: unknown }).body !== null));

const kept = [
  ...streams.map((stream) => ({ ...stream, keeping: "objects", made: () => new Receiver() })),
  ...streams.filter((stream) => !hasBodies(stream)).map((stream) => ({
    ...stream,
    keeping: "rows in columns",
    made: () => {
      const rows = new RowStore();
      return new Receiver((cluster) => rows.ofCluster(cluster));
    },
  })),
];

test("some streams are of rows alone", () => expect(kept.length).toBeGreaterThan(streams.length));

test.each(kept)("$name, keeping $keeping", ({ messages, made }) => {
  const receiver = made();
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

test.each(patches)("%j and %j make %j", (target, patch, result) => {
  expect(applyPatch(target, patch)).toEqual(result);
});

test.each(bodies)("the body %s patched with %s is %s to the byte", (body, patch, result) => {
  expect(applyToBody(body, patch)).toBe(result);
});
