/** The worker's side against a gateway that the test plays, with the test's clock and wire. */
import { expect, test } from "vitest";
import type { ViewSpec } from "../src/feed/messages";
import { Gateway } from "./gateway";
import { SyntheticCluster, SyntheticStream } from "./synthetic";

const SPEC: ViewSpec = { cluster: "harbour", type: "pods", namespaces: ["**"], names: [], detail: "rows" };

function opened(...names: string[]) {
  const cluster = new SyntheticCluster();
  for (const name of names) cluster.put("payments", name);
  const gateway = new Gateway();
  gateway.service.obey({ do: "start", url: "ws://here", subject: "user:alice" });
  gateway.service.obey({ do: "open", view: 1, spec: SPEC });
  gateway.hello();
  const stream = new SyntheticStream(cluster);
  for (const frame of stream.snapshot()) gateway.frame(gateway.watch.channel, frame);
  gateway.service.obey({ do: "taken", view: 1 });
  return { cluster, gateway, stream };
}

test("a snapshot becomes rows and is acknowledged", () => {
  const { gateway } = opened("a", "b");
  expect(gateway.rows()).toEqual(["a", "b"]);
  gateway.pass(1000);
  const ack = gateway.sent.findLast((one) => one.message.case === "watch" && one.message.value.message.case === "ack");
  expect(ack?.channel).toBe(gateway.watch.channel);
});

test("a window that fills is freed at once, and everything else once a second", () => {
  const { cluster, gateway, stream } = opened("a");
  const acks = () =>
    gateway.sent.filter((one) => one.message.case === "watch" && one.message.value.message.case === "ack").length;
  gateway.pass(1000);
  const before = acks();
  for (let index = 0; index < 5; index++) {
    cluster.put("payments", "a");
    gateway.frame(gateway.watch.channel, stream.delta());
  }
  expect(acks()).toBe(before);
  gateway.pass(1000);
  expect(acks()).toBe(before + 1);
  cluster.put("payments", "long".repeat(40_000));
  gateway.frame(gateway.watch.channel, stream.delta());
  expect(acks()).toBe(before + 2);
});

test("a stream that falls silent is left, and continued on another channel of the same socket", () => {
  const { cluster, gateway, stream } = opened("a");
  const former = gateway.watch.channel;
  gateway.passAnswering(14);
  cluster.put("payments", "b");
  gateway.frame(former, stream.delta());
  gateway.passAnswering(14);
  expect(gateway.watch.channel).toBe(former);
  gateway.passAnswering(3);
  expect(gateway.watch.channel).toBeGreaterThan(former);
  expect(gateway.sockets).toBe(1);
  expect(gateway.watch.subscribe.resume[0]?.cluster).toBe("harbour");
});

test("a stream that was refused for good is not tried again when it has been silent for long", () => {
  const { gateway } = opened("a");
  const former = gateway.watch.channel;
  gateway.say(former, { case: "closed", value: { code: "INVALID_ARGUMENT", message: "no such type", retryable: false } });
  gateway.passAnswering(40);
  expect(gateway.watch.channel).toBe(former);
  const status = gateway.reports.findLast((report) => report.tell === "status")!.status;
  expect([status.phase, status.error?.code]).toEqual(["failed", "INVALID_ARGUMENT"]);
});

test("after a break the stream resumes where it was, on the new socket", () => {
  const { cluster, gateway } = opened("a", "b");
  gateway.cut();
  expect(gateway.link).toBe("waiting");
  cluster.remove("payments", "a");
  cluster.put("payments", "c");
  gateway.pass(500);
  expect(gateway.sockets).toBe(2);
  gateway.hello();
  const [point] = gateway.watch.subscribe.resume;
  expect(point?.cluster).toBe("harbour");
  for (const frame of new SyntheticStream(cluster).resume(point!.resumeToken)) gateway.frame(gateway.watch.channel, frame);
  expect(gateway.rows()).toEqual(["b", "c"]);
});

test("a torn snapshot starts anew without a token, and what is shown stays", () => {
  const { gateway, stream } = opened("a");
  const frames = stream.snapshot();
  frames.at(-1)!.digest += 1n;
  for (const frame of frames) gateway.frame(gateway.watch.channel, frame);
  const former = gateway.watch.channel;
  expect(gateway.sent.at(-1)?.message.case).toBe("close");
  gateway.pass(2_000);
  expect(gateway.watch.channel).toBeGreaterThan(former);
  // Named with a token that no hub can read, so that the hub knows of what is still shown.
  expect(gateway.watch.subscribe.resume.map((point) => [point.cluster, point.resumeToken])).toEqual([
    ["harbour", new Uint8Array(1)],
  ]);
  expect(gateway.rows()).toEqual(["a"]);
});

test("waits grow with each try, up to fifteen seconds", () => {
  const gateway = new Gateway();
  gateway.service.obey({ do: "start", url: "ws://here", subject: "user:alice" });
  const waits: number[] = [];
  for (let attempt = 0; attempt < 8; attempt++) {
    gateway.cut();
    const link = gateway.reports.findLast((report) => report.tell === "link")!.link;
    if (link.is !== "waiting") throw new Error("not waiting");
    waits.push(link.at - gateway.now());
    gateway.pass(link.at - gateway.now());
  }
  expect(waits).toEqual([500, 1000, 2000, 4000, 8000, 15_000, 15_000, 15_000]);
});

test("a gateway that has no room is tried again, later each time, and its reason is told", () => {
  const gateway = new Gateway();
  gateway.service.obey({ do: "start", url: "ws://here", subject: "user:alice" });
  for (const wait of [500, 1000, 2000]) {
    gateway.cut(1013, "you have 256 pages or programs open here; close some");
    const link = gateway.reports.findLast((report) => report.tell === "link")!.link;
    if (link.is !== "waiting") throw new Error("not waiting");
    expect([link.reason, link.at - gateway.now()]).toEqual(["you have 256 pages or programs open here; close some", wait]);
    gateway.pass(wait);
  }
  gateway.hello();
  expect(gateway.link).toBe("up");
});

test("what was asked to come back later comes no sooner, on the same socket", () => {
  const { gateway } = opened("a");
  const later = { code: "UNAVAILABLE", message: "too many people come at once", retryable: true, retryAfter: { seconds: 3n } };
  const catalogs = () => gateway.sent.filter((message) => message.message.case === "catalog");
  const [catalog, stream] = [catalogs()[0]!.channel, gateway.watch.channel];
  gateway.say(catalog, { case: "closed", value: later });
  gateway.say(stream, { case: "closed", value: later });
  gateway.pass(2_900);
  expect([catalogs().length, gateway.watch.channel]).toEqual([1, stream]);
  gateway.pass(1_000);
  expect(catalogs().length).toBe(2);
  expect(gateway.watch.channel).toBeGreaterThan(stream);
  expect(gateway.sockets).toBe(1);
});

test("a network that is back is tried at once", () => {
  const { gateway } = opened("a");
  gateway.cut();
  gateway.service.obey({ do: "wake" });
  expect(gateway.sockets).toBe(2);
});

test("a socket that stays silent is given up", () => {
  const { gateway } = opened("a");
  gateway.pass(20_000);
  expect(gateway.link).not.toBe("up");
});

test("a session that has ended stays ended until somebody signs in", () => {
  const { gateway } = opened("a");
  gateway.cut(4401);
  gateway.pass(60_000);
  expect([gateway.link, gateway.sockets]).toEqual(["signed-out", 1]);
});

test("a page that is slow gets the newest state of each object and no backlog", () => {
  const { cluster, gateway, stream } = opened("a");
  const batches = () => gateway.reports.filter((report) => report.tell === "batch").length;
  cluster.put("payments", "a");
  gateway.frame(gateway.watch.channel, stream.delta());
  const before = batches();
  for (let change = 0; change < 50; change++) {
    cluster.put("payments", "a");
    gateway.frame(gateway.watch.channel, stream.delta());
  }
  expect(batches()).toBe(before);
  gateway.service.obey({ do: "taken", view: 1 });
  expect(batches()).toBe(before + 1);
  const last = gateway.reports.findLast((report) => report.tell === "batch")!;
  expect(last.batch.arrived.map(({ cells }) => cells)).toEqual([["Running", 51]]);
});
