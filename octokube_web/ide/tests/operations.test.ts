/** Operations from the page's end through the worker, against a gateway that the test plays; and the lines of logs. */
import { create } from "@bufbuild/protobuf";
import fc from "fast-check";
import { expect, test } from "vitest";
import { FeedClient } from "../src/feed/client";
import type { Order, Report } from "../src/feed/messages";
import { OperationOutcome, RunResponseSchema, type OperationStart, type RunRequest } from "../src/gen/octokube/v1/operation_pb";
import { Lines, wanted } from "../src/operations/lines";
import { run, type Bytes, type Ending } from "../src/operations/operation";
import { containersOf } from "../src/operations/target";
import { deedsOf } from "../src/operations/actions";
import { Gateway } from "./gateway";

const TARGET = { cluster: "harbour", key: { type: "pods", namespace: "payments", name: "api", uid: "u1" } };
const SHELL = { target: TARGET, operation: { case: "exec" as const, value: { command: ["sh"], tty: true, stdin: true } } };
const encoder = new TextEncoder();

/** The page's client and the worker's service, with nothing but a queue between them. */
function opened() {
  const gateway = new Gateway();
  const worker = {
    onmessage: null as ((event: MessageEvent<Report>) => void) | null,
    postMessage: (order: Order) => gateway.service.obey(structuredClone(order)),
  };
  const feed = new FeedClient(worker as unknown as Worker);
  let told = 0;
  const hear = () => {
    for (; told < gateway.reports.length; told++) worker.onmessage?.({ data: structuredClone(gateway.reports[told]) } as MessageEvent<Report>);
  };
  gateway.service.obey({ do: "start", url: "ws://here", subject: "user:alice" });
  gateway.hello();
  const requests = (): RunRequest[] => gateway.sent.flatMap((one) => (one.message.case === "run" ? [one.message.value] : []));
  const channel = () => gateway.sent.findLast((one) => one.message.case === "run")?.channel ?? 0;
  const say = (message: Parameters<typeof create<typeof RunResponseSchema>>[1]) => {
    gateway.say(channel(), { case: "run", value: create(RunResponseSchema, message) });
    hear();
  };
  return { gateway, feed, requests, channel, say, hear };
}

function output(bytes: Uint8Array) {
  return { message: { case: "output" as const, value: { output: { case: "stdout" as const, value: bytes } } } };
}

test("an operation has a channel of its own, tells its output in order, and its end", async () => {
  const { feed, requests, say, gateway, channel } = opened();
  const said: string[] = [];
  const operation = run(feed, SHELL, { bytes: ({ bytes }: Bytes) => said.push(new TextDecoder().decode(bytes)) });
  const start = requests()[0]?.message.value as OperationStart;
  expect(start.target?.key?.uid).toBe("u1");
  expect(start.idempotencyKey).toMatch(/^[0-9a-f-]{36}$/);
  expect(channel()).toBeGreaterThan(5000);
  for (const word of ["one", "two", "three"]) say(output(encoder.encode(word)));
  say({ message: { case: "result", value: { outcome: OperationOutcome.SUCCEEDED, exitCode: 3 } } });
  const ending = await operation.ended;
  expect(said).toEqual(["one", "two", "three"]);
  expect([ending.isDone, ending.result?.exitCode]).toEqual([true, 3]);
  gateway.cut();
  expect(gateway.reports.filter((one) => one.tell === "run").length).toBe(4);
});

test("room for more output is given back by the quarter, and only for what was taken", () => {
  const { feed, requests, say } = opened();
  run(feed, SHELL, {});
  const credits = () => requests().flatMap((one) => (one.message.case === "credit" ? [Number(one.message.value.bytes)] : []));
  say(output(new Uint8Array(65_535)));
  expect(credits()).toEqual([]);
  say(output(new Uint8Array(1)));
  expect(credits()).toEqual([65_536]);
  for (let part = 0; part < 4; part++) say(output(new Uint8Array(65_536)));
  expect(credits()).toEqual([65_536, 65_536, 65_536, 65_536, 65_536]);
});

test("what is typed waits until there is room for it, and keeps its order", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 120_000 }), { maxLength: 12 }), fc.array(fc.integer({ min: 1, max: 200_000 }), { maxLength: 12 }), (sizes, grants) => {
      const { feed, requests, say } = opened();
      const operation = run(feed, SHELL, {});
      let next = 0;
      const whole = sizes.map((size) => Uint8Array.from({ length: size }, () => next++ % 251));
      for (const part of whole) operation.type(part);
      const sent = () => requests().flatMap((one) => (one.message.case === "input" && one.message.value.input.case === "stdin" ? [one.message.value.input.value] : []));
      const total = () => sent().reduce((sum, part) => sum + part.length, 0);
      let room = 262_144;
      expect(total()).toBe(Math.min(room, next));
      for (const bytes of grants) {
        say({ message: { case: "credit", value: { bytes: BigInt(bytes) } } });
        room += bytes;
        expect(total()).toBe(Math.min(room, next));
      }
      let place = 0;
      for (const part of sent()) {
        expect(part.length).toBeLessThanOrEqual(65_536);
        for (const byte of part) if (byte !== place++ % 251) throw new Error(`byte ${place} is out of order`);
      }
    }),
    { numRuns: 30 },
  );
});

test("a connection that breaks ends the operation, which does not begin anew by itself", async () => {
  const { feed, gateway, hear, requests } = opened();
  const operation = run(feed, SHELL, {});
  gateway.cut();
  hear();
  const ending = await operation.ended;
  expect(ending.isDone).toBe(false);
  expect(ending.message).toContain("not known");
  gateway.pass(60_000);
  gateway.hello();
  hear();
  expect(requests()).toEqual([]);
});

test("without a connection an operation is refused at once", async () => {
  const { feed, gateway, hear } = opened();
  gateway.cut();
  const operation = run(feed, SHELL, {});
  hear();
  expect((await operation.ended).message).toContain("no connection");
});

test("the hub's word about a channel that ends is the operation's end", async () => {
  const { feed, gateway, channel, hear } = opened();
  const operation = run(feed, SHELL, {});
  gateway.say(channel(), { case: "closed", value: { code: "RESOURCE_EXHAUSTED", message: "too many operations at once", retryable: true } });
  hear();
  const ending: Ending = await operation.ended;
  expect([ending.isDone, ending.message]).toEqual([false, "too many operations at once"]);
});

test("cancelling closes the channel, and nothing is heard of it any more", () => {
  const { feed, gateway, channel, say } = opened();
  const said: number[] = [];
  const operation = run(feed, SHELL, { bytes: ({ bytes }) => said.push(bytes.length) });
  const own = channel();
  operation.cancel();
  expect(gateway.sent.some((one) => one.channel === own && one.message.case === "close")).toBe(true);
  say(output(new Uint8Array(5)));
  expect(said).toEqual([]);
});

test("documents come in parts and are told whole", () => {
  const { feed, say } = opened();
  const found: unknown[] = [];
  run(feed, SHELL, { document: (document) => found.push(document.object) });
  const content = encoder.encode('{"kind":"Pod","note":"grün"}');
  for (let at = 0; at < content.length; at++) {
    const document = { key: { type: "pods", name: "api" }, content: content.subarray(at, at + 1), last: at === content.length - 1 };
    say({ message: { case: "output", value: { output: { case: "document", value: document } } } });
  }
  expect(found).toEqual([{ kind: "Pod", note: "grün" }]);
});

test("bytes become the same lines wherever they are cut", () => {
  fc.assert(
    // oxlint-disable-next-line no-control-regex -- what no log line holds is left out
    fc.property(fc.array(fc.string({ unit: "binary" }).map((text) => text.replace(/[\n\u0000-\u001f\u007f\ufeff]/g, "·"))), fc.array(fc.nat(40)), (texts, cuts) => {
      const bytes = encoder.encode(texts.map((text) => `${text}\n`).join(""));
      const lines = new Lines();
      let at = 0;
      for (const cut of cuts) lines.add("pod", "c", bytes.subarray(at, (at += cut)));
      lines.add("pod", "c", bytes.subarray(at));
      lines.finish();
      expect(lines.all.map((line) => line.text)).toEqual(texts);
    }),
  );
});

test("lines of several containers do not run into each other", () => {
  const lines = new Lines();
  lines.add("a", "x", encoder.encode("begun by a"));
  lines.add("b", "x", encoder.encode("of b\n"));
  lines.add("a", "x", encoder.encode(", ended by a\nrest"));
  lines.finish();
  expect(lines.all.map((line) => `${line.pod}: ${line.text}`)).toEqual(["b: of b", "a: begun by a, ended by a", "a: rest"]);
});

test("a log of any length keeps a bounded number of lines and counts the others", () => {
  const lines = new Lines(100);
  for (let number = 0; number < 1000; number++) lines.add("a", "x", encoder.encode(`${number}\n`));
  expect(lines.all.length).toBeLessThanOrEqual(105);
  expect(lines.all.at(-1)?.text).toBe("999");
  expect(lines.dropped + lines.all.length).toBe(1000);
});

test("what a program writes for a terminal is no part of a line", () => {
  const lines = new Lines();
  lines.add("a", "x", encoder.encode("\u001b[31mred\u001b[0m \u001b]0;title\u0007plain\r\n"));
  expect(lines.all[0]?.text).toBe("red plain");
});

test.each([
  ["error", ["an Error", "errors"]],
  ["!error", ["fine", "x=3"]],
  ["/^e/", ["errors"]],
  ["/^E/i", ["errors"]],
  ["!/\\d/", ["an Error", "errors", "fine"]],
  ["/(/", ["an Error", "errors", "fine", "x=3"]],
  ["", ["an Error", "errors", "fine", "x=3"]],
])("the filter %s leaves %j", (filter, expected) => {
  const lines = ["an Error", "errors", "fine", "x=3"].map((text, number) => ({ number, pod: "a", container: "x", text, at: 0 }));
  expect(lines.filter(wanted(filter)).map((line) => line.text)).toEqual(expected);
});

test("containers are found in pods, workloads and cron jobs", () => {
  const spec = { initContainers: [{ name: "init" }], containers: [{ name: "app" }, { name: "sidecar" }] };
  const names = (body: object) => containersOf(JSON.stringify(body)).map((one) => one.name);
  expect(names({ spec })).toEqual(["app", "sidecar", "init"]);
  expect(names({ spec: { template: { spec } } })).toEqual(["app", "sidecar", "init"]);
  expect(names({ spec: { jobTemplate: { spec: { template: { spec } } } } })).toEqual(["app", "sidecar", "init"]);
  expect(containersOf("")).toEqual([]);
});

test("what takes much along asks for its name", () => {
  const care = (type: string) => deedsOf({ cluster: "c", type, namespace: "", name: "n", uid: "u", resourceVersion: "1", body: "{}" }).find((deed) => deed.id === "delete")?.care;
  expect([care("namespaces"), care("persistentvolumes"), care("pods")]).toEqual(["name", "name", "ask"]);
});

test("every deed is bound to the object that was looked at", () => {
  for (const type of ["pods", "nodes", "deployments.apps", "namespaces"]) {
    const target = { cluster: "c", type, namespace: "", name: "n", uid: "u", resourceVersion: "1", body: "{}" };
    for (const deed of deedsOf(target)) expect(deed.start(target, 1).target?.key?.uid, `${deed.id} of ${type}`).toBe("u");
  }
});

