/** What pods and nodes use: kept as it is measured, and drawn without inventing anything. */
import fc from "fast-check";
import { expect, test } from "vitest";
import type { Batch } from "../src/feed/messages";
import type { Viewed } from "../src/state/viewed";
import { GAP_SECONDS, KEPT, linesThrough, scaleOf, usageText, UsageHistory, type Sample } from "../src/usage/history";
import { quantityOf, readQuantity } from "../src/usage/quantity";

const measured = (name: string, at: number, cpu: number | undefined = 100, memory: number | undefined = 64): Viewed => ({
  id: `id-${name}`, type: "pods.metrics.k8s.io", namespace: "red", name, uid: name, resourceVersion: "", cells: [cpu, memory, at], body: "",
});
const arrived = (...objects: Viewed[]): Batch => ({ arrived: objects, left: [] });

test("each measurement is kept once, in order, and no more than half an hour of them", () => {
  const history = new UsageHistory();
  for (let at = 1; at <= KEPT + 5; at++) history.take(arrived(measured("web", at, at), measured("web", at, at)));
  const samples = history.of("red", "web");
  expect(samples.length).toBe(KEPT);
  expect(samples[0]?.at).toBe(6);
  expect(samples.at(-1)).toEqual({ at: KEPT + 5, cpu: KEPT + 5, memory: 64 });
});

test("who watches a row hears of it and of no other", () => {
  const history = new UsageHistory();
  let heard = 0;
  const stop = history.subscribe("red", "web", () => heard++);
  history.take(arrived(measured("web", 1), measured("api", 1)));
  history.take(arrived(measured("api", 2)));
  expect(heard).toBe(1);
  stop();
  history.take(arrived(measured("web", 3)));
  expect(heard).toBe(1);
});

test("what leaves is forgotten, and so is everything when the view closes", () => {
  const history = new UsageHistory();
  history.take(arrived(measured("web", 1), measured("api", 1)));
  history.take({ arrived: [], left: [{ id: "id-web", reason: "withdrawn" }] });
  expect(history.of("red", "web")).toEqual([]);
  history.forget();
  expect(history.of("red", "api")).toEqual([]);
});

test("a line breaks where nothing was measured", () => {
  const samples: Sample[] = [
    { at: 0, cpu: 1, memory: 1 }, { at: 15, cpu: 2, memory: 1 }, { at: 30, cpu: undefined, memory: 1 }, { at: 45, cpu: 3, memory: 1 },
    { at: 45 + GAP_SECONDS + 1, cpu: 4, memory: 1 },
  ];
  expect(linesThrough(samples, "cpu", 4).map((line) => line.length)).toEqual([2, 1, 1]);
  expect(linesThrough(samples, "memory", 1).map((line) => line.length)).toEqual([4, 1]);
});

test("every point lies within the chart and the scale holds what was used", () => {
  fc.assert(fc.property(fc.array(fc.record({ at: fc.nat(1e6), cpu: fc.double({ min: 0, max: 1e7, noNaN: true }) }), { minLength: 1 }), (drawn) => {
    const samples = drawn.map((one) => ({ ...one, memory: undefined })).sort((a, b) => a.at - b.at);
    const most = Math.max(...samples.map(({ cpu }) => cpu));
    expect(scaleOf(most)).toBeGreaterThanOrEqual(most);
    for (const { x, y } of linesThrough(samples, "cpu", scaleOf(most)).flat()) {
      expect(x >= 0 && x <= 1 && y >= 0 && y <= 1).toBe(true);
    }
  }));
});

test("numbers are told in the units that people read", () => {
  expect([usageText("cpu", 12), usageText("cpu", 1500), usageText("memory", 512), usageText("memory", 1536), usageText("cpu", undefined)]).toEqual(["12m", "1.50", "512 MiB", "1.5 GiB", ""]);
});

test("quantities are read as Kubernetes writes them", () => {
  expect(["250m", "2", "1.5", "64Mi", "1G", "1e3", "100n"].map(readQuantity)).toEqual([0.25, 2, 1.5, 64 * 2 ** 20, 1e9, 1000, 100 * 1e-9]);
  expect(["", "many", "1Q", undefined].map(readQuantity)).toEqual([undefined, undefined, undefined, undefined]);
});

test("a limit is drawn only where every container has one", () => {
  const pod = (...limits: (string | undefined)[]) => JSON.stringify({ spec: { containers: limits.map((cpu) => ({ resources: cpu ? { limits: { cpu } } : {} })) } });
  expect(quantityOf(pod("250m", "1")).cpu.limit).toBe(1250);
  expect(quantityOf(pod("250m", undefined)).cpu.limit).toBe(0);
  expect(quantityOf(JSON.stringify({ status: { allocatable: { cpu: "4", memory: "2Gi" } } }))).toEqual({ cpu: { request: 0, limit: 4000 }, memory: { request: 0, limit: 2048 } });
});
