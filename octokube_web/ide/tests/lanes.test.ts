/** Events in time: lanes, the span that is looked at, and what both forms of an event say. */
import fc from "fast-check";
import { expect, test } from "vitest";
import type { Viewed } from "../src/state/viewed";
import { eventOf, lanesOf, panned, rolloutsOf, ticksOf, zoomed, type EventFacts } from "../src/events/lanes";

const viewed = (body: object, id = "e1"): Viewed => ({ id, type: "events", namespace: "red", name: id, uid: id, resourceVersion: "1", cells: [], body: JSON.stringify(body) });
const AT = Date.parse("2026-03-02T10:00:00Z");
const event = (name: string, minute: number, more: Partial<EventFacts> = {}): EventFacts => ({
  id: `${name} ${minute}`, isWarning: false, reason: "Pulled", message: "", count: 1, first: AT + minute * 60_000, last: AT + minute * 60_000, source: "kubelet",
  about: { group: "", kind: "Pod", namespace: "red", name }, ...more,
});
const HOUR = { from: AT, to: AT + 3_600_000 };

test("an event of the core group says what, of whom, how often and when", () => {
  expect(eventOf(viewed({
    type: "Warning", reason: "BackOff", message: "restarting", count: 7, firstTimestamp: "2026-03-02T09:58:00Z", lastTimestamp: "2026-03-02T10:00:00Z", eventTime: null,
    involvedObject: { kind: "Pod", namespace: "red", name: "web", apiVersion: "v1" }, source: { component: "kubelet" },
  }))).toEqual({ id: "e1", isWarning: true, reason: "BackOff", message: "restarting", count: 7, first: AT - 120_000, last: AT, source: "kubelet", about: { group: "", kind: "Pod", namespace: "red", name: "web" } });
});

test("an event of events.k8s.io with a series says the same in other words", () => {
  expect(eventOf(viewed({
    type: "Normal", reason: "Scheduled", note: "assigned", eventTime: "2026-03-02T09:59:00Z", series: { count: 3, lastObservedTime: "2026-03-02T10:00:00Z" },
    regarding: { kind: "NetworkPolicy", namespace: "red", name: "deny", apiVersion: "networking.k8s.io/v1" }, reportingController: "scheduler",
  }))).toMatchObject({ message: "assigned", count: 3, first: AT - 60_000, last: AT, source: "scheduler", about: { group: "networking.k8s.io", kind: "NetworkPolicy" } });
  expect(eventOf(viewed({}))).toMatchObject({ count: 1, first: 0, last: 0, about: { name: "" } });
});

test("lanes with warnings come first, then those in which something happened last", () => {
  const lanes = lanesOf([event("a", 1), event("b", 50), event("c", 5, { isWarning: true }), event("a", 3)], HOUR);
  expect(lanes.map(({ about, warnings, events }) => [about.name, warnings, events.length])).toEqual([["c", 1, 1], ["b", 0, 1], ["a", 0, 2]]);
});

test("what lies outside the span, or says nothing of the word, is not there", () => {
  const events = [event("a", -1), event("b", 61), event("c", -5, { last: AT + 1 }), event("d", 5, { message: "no disk" })];
  expect(lanesOf(events, HOUR).map(({ about }) => about.name)).toEqual(["d", "c"]);
  expect(lanesOf(events, HOUR, "DISK").map(({ about }) => about.name)).toEqual(["d"]);
});

test("a rollout is where a deployment scaled a replica set up", () => {
  const about = { group: "apps", kind: "Deployment", namespace: "red", name: "web" };
  const events = [
    event("x", 5, { reason: "ScalingReplicaSet", about, message: "Scaled up replica set web-2 to 1" }),
    event("y", 6, { reason: "ScalingReplicaSet", about, message: "Scaled down replica set web-1 to 0" }),
  ];
  expect(rolloutsOf(events, HOUR).map(({ name, at }) => [name, at])).toEqual([["web", AT + 300_000]]);
});

test("whatever is zoomed and panned, the span stays within the whole and keeps its direction", () => {
  const moves = fc.array(fc.oneof(fc.record({ zoom: fc.double({ min: 0.1, max: 10, noNaN: true }), at: fc.double({ min: 0, max: 1, noNaN: true }) }), fc.record({ pan: fc.double({ min: -2, max: 2, noNaN: true }) })));
  fc.assert(fc.property(moves, (steps) => {
    let span = HOUR;
    for (const step of steps) {
      span = "pan" in step ? panned(span, step.pan, HOUR) : zoomed(span, step.zoom, HOUR, span.from + step.at * (span.to - span.from));
      expect(span.from).toBeGreaterThanOrEqual(HOUR.from - 1);
      expect(span.to).toBeLessThanOrEqual(HOUR.to + 1);
      expect(span.to - span.from).toBeGreaterThan(9_000);
    }
  }));
});

test("zooming keeps what is under the pointer where it is", () => {
  const around = AT + 1_200_000;
  const span = zoomed(HOUR, 0.5, HOUR, around);
  expect((around - span.from) / (span.to - span.from)).toBeCloseTo(1 / 3, 6);
});

test("the axis is written at round instants, never too many", () => {
  expect(ticksOf(HOUR, 6).map((at) => (at - AT) / 60_000)).toEqual([0, 15, 30, 45, 60]);
  fc.assert(fc.property(fc.nat(1e9), fc.integer({ min: 10_000, max: 1e9 }), (from, length) => {
    expect(ticksOf({ from, to: from + length }, 8).length).toBeLessThanOrEqual(9);
  }));
});
