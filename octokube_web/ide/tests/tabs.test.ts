/** All tabs of a browser share one connection, and each is told only what it asked for. */
import { expect, test } from "vitest";
import type { Report, ViewSpec } from "../src/feed/messages";
import { FIRST_LOOK } from "../src/table/table-view";
import { SIGN_IN_AGAIN } from "../src/feed/link";
import { Gateway } from "./gateway";
import { SyntheticCluster, SyntheticStream } from "./synthetic";

const SPEC: ViewSpec = { cluster: "harbour", type: "pods", namespaces: ["**"], names: [], detail: "rows" };
const START = { do: "start", url: "ws://here", subject: "user:alice" } as const;

function opened() {
  const cluster = new SyntheticCluster();
  for (const name of ["a", "b"]) cluster.put("payments", name);
  const gateway = new Gateway();
  gateway.service.obey(START);
  gateway.service.obey({ do: "table", view: 1, spec: SPEC, look: FIRST_LOOK });
  gateway.hello();
  gateway.say(gateway.sent.find((one) => one.message.case === "catalog")!.channel, { case: "catalog", value: {} });
  const stream = new SyntheticStream(cluster);
  for (const frame of stream.snapshot()) gateway.frame(gateway.watch.channel, frame);
  gateway.service.obey({ do: "taken", view: 1 });
  return { cluster, gateway, stream, other: gateway.anotherTab() };
}

const watches = (gateway: Gateway) =>
  gateway.sent.filter((one) => one.message.case === "watch" && one.message.value.message.case === "subscribe").length;
const closes = (gateway: Gateway) => gateway.sent.filter((one) => one.message.case === "close").length;
const pageOf = (reports: readonly Report[]) => {
  const report = reports.findLast((one) => one.tell === "table");
  return report?.tell === "table" ? report.page : undefined;
};
const linkOf = (reports: readonly Report[]) => {
  const report = reports.findLast((one) => one.tell === "link");
  return report?.tell === "link" ? report.link : undefined;
};

test("a second tab is told what is known at once, over the same socket and the same stream", () => {
  const { gateway, other } = opened();
  other.tab.obey(START);
  expect(other.reports.map(({ tell }) => tell)).toEqual(["link", "hello", "catalog"]);
  other.tab.obey({ do: "table", view: 1, spec: SPEC, look: { ...FIRST_LOOK, filter: "b" } });
  expect([gateway.sockets, watches(gateway)]).toEqual([1, 1]);
  expect(pageOf(other.reports)?.rows.map(({ name }) => name)).toEqual(["b"]);
  expect(pageOf(gateway.reports)?.total).toBe(2);
});

test("who signs in again goes on over a socket of the new session, and the end of the old one signs nobody out", () => {
  const { gateway, other } = opened();
  other.tab.obey({ ...START, isNew: true });
  expect(gateway.sockets).toBe(2);
  gateway.closeFormer(SIGN_IN_AGAIN, "sign in again");
  gateway.hello();
  expect(linkOf(gateway.reports)).toEqual({ is: "up" });
  expect(linkOf(other.reports)).toEqual({ is: "up" });
  expect(pageOf(gateway.reports)?.total).toBe(2);
});

test("a tab that looks at objects gets those that are held already", () => {
  const { gateway, other } = opened();
  other.tab.obey({ do: "open", view: 9, spec: SPEC });
  const batch = other.reports.find((one) => one.tell === "batch");
  expect(batch?.tell === "batch" && batch.batch.arrived.map(({ name }) => name)).toEqual(["a", "b"]);
  expect(watches(gateway)).toBe(1);
});

test("a stream ends when nobody has looked at it for a while, and not while another tab does", () => {
  const { gateway, other } = opened();
  other.tab.obey({ do: "table", view: 1, spec: SPEC, look: FIRST_LOOK });
  gateway.service.obey({ do: "close", view: 1 });
  gateway.passAnswering(5);
  expect(closes(gateway)).toBe(0);
  other.tab.leave();
  gateway.passAnswering(2);
  expect(closes(gateway)).toBe(0);
  gateway.passAnswering(2);
  expect(closes(gateway)).toBe(1);
});

test("whoever comes back at once finds the stream as it was", () => {
  const { gateway } = opened();
  gateway.service.obey({ do: "close", view: 1 });
  gateway.passAnswering(2);
  gateway.service.obey({ do: "table", view: 2, spec: SPEC, look: FIRST_LOOK });
  gateway.passAnswering(9);
  expect([watches(gateway), closes(gateway)]).toEqual([1, 0]);
});

test("signing out in one tab signs the others out, and nothing is held", () => {
  const { gateway, other } = opened();
  other.tab.obey(START);
  other.tab.obey({ do: "table", view: 1, spec: SPEC, look: FIRST_LOOK });
  gateway.service.obey({ do: "stop" });
  expect(linkOf(other.reports)).toEqual({ is: "signed-out", reason: "You signed out in another tab." });
  expect(gateway.link).toBe("idle");
  other.reports.length = 0;
  other.tab.obey({ do: "look", view: 1, look: { ...FIRST_LOOK, filter: "a" } });
  expect(other.reports).toEqual([]);
});

test("when somebody else signs in, other tabs show nothing of theirs and nothing of hers", () => {
  const { gateway, other } = opened();
  other.tab.obey({ ...START, subject: "user:bob" });
  expect(linkOf(gateway.reports)).toEqual({ is: "signed-out", reason: "Somebody else signed in in another tab." });
  expect(linkOf(other.reports)?.is).toBe("connecting");
  expect(gateway.sockets).toBe(2);
  gateway.hello();
  expect(watches(gateway)).toBe(0);
  expect(gateway.link).toBe("signed-out");
});

test("a session that ends and is renewed in one tab is renewed in all", () => {
  const { gateway, other } = opened();
  other.tab.obey(START);
  gateway.cut(4401);
  expect([gateway.link, linkOf(other.reports)?.is]).toEqual(["signed-out", "signed-out"]);
  other.tab.obey(START);
  gateway.hello();
  expect([gateway.link, linkOf(other.reports)?.is]).toEqual(["up", "up"]);
});

test("when the last tab is gone the connection is too", () => {
  const { gateway, other } = opened();
  other.tab.obey(START);
  gateway.service.leave();
  expect(linkOf(other.reports)?.is).toBe("up");
  other.tab.leave();
  expect(linkOf(other.reports)?.is).toBe("up"); // nobody is told any more
  gateway.pass(60_000);
  expect(gateway.sockets).toBe(1);
});

test("a stream that was refused is tried again by whoever looks again", () => {
  const { gateway } = opened();
  gateway.say(gateway.watch.channel, { case: "closed", value: { code: "INVALID_ARGUMENT", message: "no such thing", retryable: false } });
  gateway.service.obey({ do: "close", view: 1 });
  gateway.service.obey({ do: "table", view: 2, spec: SPEC, look: FIRST_LOOK });
  expect(watches(gateway)).toBe(2);
});
