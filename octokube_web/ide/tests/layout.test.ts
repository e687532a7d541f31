/** Tabs and groups: whatever is done to them, nothing is lost and something is always shown. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { changed, NOWHERE, subjectOf, type Place } from "../src/location";
import {
  activeGroup, activeTab, close, GROUP_LIMIT, groupOf, groupsOf, groupTowards, keep, type Layout, move, moveToSide, neighbour, open, readLayout,
  share, show, showGroup, single, split, TAB_LIMIT, tabsOf, update,
} from "../src/workbench/layout";

const table = (type: string, more: Partial<Place> = {}): Place => ({ ...NOWHERE, cluster: "c", type, ...more });
const types = (layout: Layout) => groupsOf(layout).map((group) => group.tabs.map((tab) => tab.place.type));
const tabOf = (layout: Layout, type: string) => tabsOf(layout).find((tab) => tab.place.type === type)?.id ?? 0;

describe("what a tab is about", () => {
  test("a filter, a namespace and an open object are in the same tab; another type, page or object of its own is another", () => {
    const pods = table("pods");
    for (const same of [{ filter: "x" }, { namespace: "red" }, { name: "web", inNamespace: "red", tab: "logs" }]) expect(subjectOf({ ...pods, ...same })).toBe(subjectOf(pods));
    const others = [table("nodes"), { ...pods, cluster: "d" }, { ...pods, page: "access" }, { ...pods, name: "web", alone: "object" }];
    expect(new Set([pods, ...others].map(subjectOf)).size).toBe(5);
  });

  test("going to a type leaves a page, and going to an object leaves the former one's part", () => {
    expect(changed(table("pods", { page: "access" }), { type: "nodes" }).page).toBe("");
    expect(changed(table("pods", { name: "a", tab: "logs", alone: "object" }), { name: "b" })).toMatchObject({ name: "b", tab: "", alone: "" });
    expect(changed(table("pods", { name: "a", alone: "object" }), { tab: "logs" })).toMatchObject({ tab: "logs", alone: "object" });
  });
});

describe("opening", () => {
  test("what is only looked at takes the preview's place", () => {
    const layout = open(open(single(table("pods")), table("nodes")), table("services"));
    expect(types(layout)).toEqual([["services"]]);
  });

  test("a kept tab stays, and the next thing opens beside it", () => {
    const start = single(table("pods"));
    const layout = open(keep(start, activeTab(start).id), table("nodes"));
    expect(types(layout)).toEqual([["pods", "nodes"]]);
    expect(activeTab(layout).place.type).toBe("nodes");
  });

  test("what is open already comes to the front instead of a second time", () => {
    const start = keep(single(table("pods")), 1);
    const layout = open(open(start, table("nodes"), { isKept: true }), table("pods", { filter: "web" }));
    expect(types(layout)).toEqual([["pods", "nodes"]]);
    expect(activeTab(layout).place).toMatchObject({ type: "pods", filter: "web" });
  });

  test("an edit and a terminal keep their tab", () => {
    for (const tab of ["edit", "terminal"]) expect(activeTab(update(single(table("pods")), 1, table("pods", { name: "web", tab }))).isKept).toBe(true);
    expect(activeTab(update(single(table("pods")), 1, table("pods", { name: "web", tab: "logs" }))).isKept).toBe(false);
  });

  test("beyond the limit the tab goes that was looked at longest ago, and none in which somebody works", () => {
    let layout = update(single(table("t0")), 1, table("t0", { name: "web", tab: "terminal" }));
    for (let n = 1; n <= TAB_LIMIT; n++) layout = open(layout, table(`t${n}`), { isKept: true });
    expect(tabsOf(layout)).toHaveLength(TAB_LIMIT);
    expect(tabOf(layout, "t0")).toBeGreaterThan(0);
    expect(tabOf(layout, "t1")).toBe(0);
  });
});

describe("closing", () => {
  const three = ["nodes", "services"].reduce((layout, type) => open(layout, table(type), { isKept: true }), keep(single(table("pods")), 1));

  test("the tab that was looked at before is shown", () => {
    const back = show(show(three, tabOf(three, "pods")), tabOf(three, "services"));
    expect(activeTab(close(back, tabOf(back, "services"))).place.type).toBe("pods");
  });

  test("the last tab of a group takes the group along, and the last of all stays", () => {
    const two = split(single(table("pods")), 1, "right");
    const one = close(two, activeTab(two).id);
    expect(types(one)).toEqual([["pods"]]);
    expect(close(one, activeTab(one).id)).toBe(one);
  });
});

describe("groups", () => {
  test("a split shows the same place again beside or below, and makes that the active group", () => {
    const right = split(single(table("pods")), 1, "right");
    expect(right.columns.map((column) => column.groups.length)).toEqual([1, 1]);
    const down = split(right, activeTab(right).id, "down");
    expect(down.columns.map((column) => column.groups.length)).toEqual([1, 2]);
    expect(groupsOf(down).at(-1)?.id).toBe(down.active);
  });

  test("no more groups than have room", () => {
    let layout = single(table("pods"));
    for (let n = 0; n < 10; n++) layout = split(layout, activeTab(layout).id, n % 2 ? "down" : "right");
    expect(groupsOf(layout)).toHaveLength(GROUP_LIMIT);
  });

  test("a tab moves to the other group, and an empty group goes", () => {
    const two = open(split(single(table("pods")), 1, "right"), table("nodes"), { isKept: true });
    const first = groupsOf(two)[0]?.id ?? 0;
    const moved = move(two, tabOf(two, "nodes"), first, 0);
    expect(types(moved)).toEqual([["nodes", "pods"], ["pods"]]);
    expect(moved.active).toBe(first);
    const last = groupsOf(moved)[1]?.tabs[0]?.id ?? 0;
    expect(types(move(moved, last, first, 9))).toEqual([["nodes", "pods", "pods"]]);
  });

  test("a tab moves within its group to where it is dropped", () => {
    const three = ["nodes", "services"].reduce((layout, type) => open(layout, table(type), { isKept: true }), keep(single(table("pods")), 1));
    const group = activeGroup(three).id;
    expect(types(move(three, tabOf(three, "pods"), group, 3))).toEqual([["nodes", "services", "pods"]]);
    expect(types(move(three, tabOf(three, "services"), group, 0))).toEqual([["services", "pods", "nodes"]]);
    expect(types(move(three, tabOf(three, "nodes"), group, 1))).toEqual([["pods", "nodes", "services"]]);
  });

  test("neighbours are found by where they lie", () => {
    const two = split(single(table("pods")), 1, "right");
    expect(groupTowards(two, "left")?.id).toBe(groupsOf(two)[0]?.id);
    expect(groupTowards(two, "right")).toBeUndefined();
    expect(groupTowards(two, "down")).toBeUndefined();
  });

  test("room is given from one neighbour to the other, and each keeps some", () => {
    const two = split(single(table("pods")), 1, "right");
    expect(share(two, undefined, 0, 0.7).columns.map((column) => column.share)).toEqual([0.7, expect.closeTo(0.3)]);
    expect(share(two, undefined, 0, 0).columns[0]?.share).toBeCloseTo(0.15);
    expect(share(two, undefined, 5, 0.7)).toEqual(two);
  });
});

function check(layout: Layout): void {
  const groups = groupsOf(layout);
  const tabs = tabsOf(layout);
  const ids = [...layout.columns, ...groups, ...tabs].map((one) => one.id);
  expect(new Set(ids).size).toBe(ids.length);
  expect(Math.max(...ids)).toBeLessThanOrEqual(layout.last);
  expect(groups.some((group) => group.id === layout.active)).toBe(true);
  for (const group of groups) {
    expect(group.tabs.some((tab) => tab.id === group.shown)).toBe(true);
    expect(group.tabs.filter((tab) => !tab.isKept).length).toBeLessThanOrEqual(1);
    expect(group.share).toBeGreaterThan(0);
  }
  expect(layout.columns.every((column) => column.groups.length > 0 && column.share > 0)).toBe(true);
  // They fill the room there is.
  for (const parts of [layout.columns, ...layout.columns.map((column) => column.groups)]) expect(parts.reduce((sum, one) => sum + one.share, 0)).toBeCloseTo(1);
  expect(tabs.length).toBeGreaterThan(0);
  expect(tabs.length).toBeLessThanOrEqual(TAB_LIMIT);
  expect(groups.length).toBeLessThanOrEqual(GROUP_LIMIT);
  expect(layout.recent[0]).toBe(activeTab(layout).id);
}

test("whatever is done in whatever order, every group shows one of its tabs, and what is stored is read again", () => {
  const pick = <T,>(list: readonly T[], n: number): T => list[n % list.length] as T;
  const step = fc.tuple(fc.constantFrom("open", "kept", "show", "close", "split", "down", "move", "side", "keep", "next", "share"), fc.nat(50), fc.nat(50), fc.nat(8));
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      let layout = single(NOWHERE);
      for (const [what, a, b, c] of steps) {
        const tab = pick(tabsOf(layout), a).id;
        const group = pick(groupsOf(layout), b).id;
        const before = new Set(tabsOf(layout).map((one) => one.id));
        switch (what) {
          case "open": layout = open(layout, table(`t${a}`)); break;
          case "kept": layout = open(layout, table(`t${a}`), { isKept: true }); break;
          case "show": layout = show(layout, tab); break;
          case "close": layout = close(layout, tab); break;
          case "split": layout = split(layout, tab, "right"); break;
          case "down": layout = split(layout, tab, "down"); break;
          case "move": layout = move(layout, tab, group, c); break;
          case "side": layout = moveToSide(layout, tab, group, pick(["left", "right", "up", "down"] as const, c)); break;
          case "keep": layout = keep(layout, tab); break;
          case "next": layout = show(layout, neighbour(layout, 1)); break;
          case "share": layout = share(layout, undefined, c, a / 50); break;
        }
        layout = showGroup(layout, layout.active);
        check(layout);
        // Moving loses no tab.
        if (what === "move" || what === "side") expect(new Set(tabsOf(layout).map((one) => one.id))).toEqual(before);
        expect(groupOf(layout, activeTab(layout).id)?.id).toBe(layout.active);
      }
      const again = readLayout(JSON.parse(JSON.stringify(layout)));
      expect(again && types(again)).toEqual(types(layout));
      expect(again && activeTab(again).place).toEqual(activeTab(layout).place);
      if (again) check(again);
    }),
    { numRuns: 300 },
  );
});

test("what is no layout is not read as one, whatever it is", () => {
  for (const nonsense of [undefined, null, 7, "x", [], {}, { columns: 3 }, { columns: [] }, { columns: [{ groups: [{ tabs: [] }] }] }, { columns: [null] }]) {
    expect(readLayout(nonsense)).toBeUndefined();
  }
  fc.assert(fc.property(fc.jsonValue(), (value) => {
    const read = readLayout({ columns: [{ groups: [{ tabs: [{ place: value, id: 1 }] }] }] });
    if (read) check(read);
  }));
});
