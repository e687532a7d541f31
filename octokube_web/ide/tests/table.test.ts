/** The table's order is right after every change, each row tells only whom it concerns, and nothing stays of what has left. */
import { inspect } from "node:util";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { CellValue, Viewed } from "../src/state/viewed";
import { RemoteTable } from "../src/table/remote-table";
import { RowStore } from "../src/table/row-store";
import { BY_NAME, FIRST_LOOK, TableView, type Look, type Sort } from "../src/table/table-view";

function object(name: string, cells: Viewed["cells"] = [], namespace = "payments", uid = "uid"): Viewed {
  const id = `pods\n${namespace}\n${name}\n${uid}`;
  return { id, type: "pods", namespace, name, uid, resourceVersion: "1", cells, body: "" };
}

function filled(...objects: Viewed[]) {
  const rows = new RowStore();
  const cluster = rows.ofCluster("harbour");
  for (const one of objects) cluster.put(one);
  const view = new TableView(rows);
  const names = () => view.all().map(({ name }) => name);
  const turn = (look: Partial<Look>) => view.turn({ ...FIRST_LOOK, columns: ["Status"], ...look });
  return { rows, cluster, view, names, turn };
}

test("names are sorted with their numbers as numbers", () => {
  expect(filled(object("web-10"), object("web-2"), object("api"), object("web-1")).names()).toEqual(["api", "web-1", "web-2", "web-10"]);
});

test("what is unknown comes last in both directions", () => {
  const { turn, names } = filled(object("a", [undefined]), object("b", [2]), object("c", [1]), object("d", [""]));
  turn({ sort: { column: 0, isDescending: false } });
  expect(names()).toEqual(["c", "b", "a", "d"]);
  turn({ sort: { column: 0, isDescending: true } });
  expect(names()).toEqual(["b", "c", "a", "d"]);
});

test("a row that changes comes and goes with what is filtered for", () => {
  const { cluster, turn, names } = filled(object("api-1", ["Running"]), object("api-2", ["Error"]), object("web-1", ["Error"]));
  turn({ filter: " ERROR api " });
  expect(names()).toEqual(["api-2"]);
  cluster.put(object("api-1", ["Error"]));
  expect(names()).toEqual(["api-1", "api-2"]);
  cluster.put(object("api-2", ["Running"]));
  expect(names()).toEqual(["api-1"]);
});

test("a page is sent the rows in sight, and each again only when it has changed", () => {
  const { cluster, view, turn } = filled(...Array.from({ length: 50 }, (_, index) => object(`web-${index}`, ["Running"])));
  turn({ start: 10, count: 5 });
  const first = view.page();
  expect([first.total, first.shown, first.rows.map(({ name }) => name)]).toEqual([50, 50, ["web-10", "web-11", "web-12", "web-13", "web-14"]]);
  cluster.put(object("web-11", ["Error"]));
  cluster.put(object("web-40", ["Error"]));
  const second = view.page();
  expect(second.slots).toEqual(first.slots);
  expect(second.rows.map(({ name, cells }) => [name, ...cells])).toEqual([["web-11", "Error"]]);
  expect(view.hasNews).toBe(false);
});

test("a table that is held keeps its rows in place while they change, and what leaves is gone at once", () => {
  const { cluster, view, turn, names } = filled(object("a", ["1"]), object("b", ["2"]), object("c", ["3"]));
  const sort = { column: 0, isDescending: false };
  turn({ sort });
  expect(names()).toEqual(["a", "b", "c"]);
  turn({ sort, isHeld: true });
  cluster.put(object("a", ["9"]));
  cluster.put(object("d", ["0"]));
  expect(view.all().map(({ name, cells }) => `${name}${cells[0]}`)).toEqual(["a9", "b2", "c3"]);
  expect(view.page().waiting).toBe(2);
  cluster.remove(object("b").id);
  cluster.put(object("e", ["0"])); // in the slot that b had
  expect(names()).toEqual(["a", "c"]);
  expect(view.page().waiting).toBe(3);
  turn({ sort });
  expect(names()).toEqual(["d", "e", "c", "a"]);
  expect(view.page().waiting).toBe(0);
});

test("a table that is frozen changes nothing, except that what may no longer be seen leaves", () => {
  const { cluster, view, turn, names } = filled(object("a", ["1"]), object("b", ["1"]));
  turn({});
  view.page();
  turn({ isFrozen: true });
  cluster.put(object("b", ["2"]));
  cluster.put(object("c"));
  cluster.remove(object("a").id);
  expect(view.all().map(({ name, cells }) => `${name}${cells[0]}`)).toEqual(["b1"]);
  expect(view.page().waiting).toBe(2);
  turn({});
  expect(names()).toEqual(["b", "c"]);
  expect(view.page().rows.map(({ name, cells }) => `${name}${cells[0]}`)).toEqual(["b2", "cundefined"]);
});

test("a followed row is found wherever it moves", () => {
  const { cluster, view, turn } = filled(object("a", [1]), object("b", [2]), object("c", [3]));
  const follow = `harbour\n${object("a").id}`;
  turn({ follow, sort: { column: 0, isDescending: false } });
  expect(view.page().followed).toBe(0);
  cluster.put(object("a", [9]));
  expect(view.page().followed).toBe(2);
  cluster.remove(object("a").id);
  expect(view.page().followed).toBe(-1);
});

test("marks stay with their rows, whatever is shown, and go with them", () => {
  const { cluster, view, turn } = filled(object("a"), object("b"), object("c"), object("d"));
  const marked = () => view.allMarked().map(({ name }) => name);
  view.mark({ is: "range", from: 2, to: 1 });
  expect(marked()).toEqual(["b", "c"]);
  view.mark({ is: "toggled", id: `harbour\n${object("c").id}` });
  view.mark({ is: "toggled", id: `harbour\n${object("d").id}` });
  turn({ filter: "name:b" });
  expect(marked()).toEqual(["b", "d"]);
  expect([view.page().markedCount, view.page().marked.length]).toEqual([2, 1]);
  cluster.remove(object("d").id);
  cluster.put(object("e")); // in the slot that d had
  expect(marked()).toEqual(["b"]);
  turn({});
  view.mark({ is: "all" });
  expect(marked()).toEqual(["a", "b", "c", "e"]);
  view.mark({ is: "none" });
  expect(view.page().markedCount).toBe(0);
});

test("the values of a column are counted, unless there are too many to choose from", () => {
  const few = filled(object("a", ["Running"]), object("b", ["Error"]), object("c", ["Running"]));
  few.turn({ facets: [0] });
  expect(few.view.page().facets).toEqual([{ column: 0, values: [["Running", 2], ["Error", 1]] }]);
  const many = filled(...Array.from({ length: 100 }, (_, index) => object(`${index}`, [`10.0.0.${index}`])));
  many.turn({ facets: [0] });
  expect(many.view.page().facets).toEqual([{ column: 0, values: [] }]);
});

test("nothing stays of a row that has left", () => {
  const { rows, cluster, view, turn } = filled(object("a", ["canary-text", 7, true]), object("b", ["Running"]));
  turn({ isFrozen: true, follow: `harbour\n${object("a").id}` });
  view.page();
  cluster.put(object("a", ["canary-changed", 7, true]));
  cluster.remove(object("a").id);
  view.page();
  const heap = inspect([rows, cluster, view], { depth: Infinity, maxArrayLength: Infinity, maxStringLength: Infinity });
  expect(heap).toContain("Running");
  expect(heap).not.toContain("canary");
  cluster.clear();
  expect([rows.size, rows.textCount, view.page().total]).toEqual([0, 0, 0]);
});

test("a name under another uid is refused until its predecessor has left", () => {
  const { cluster, names } = filled(object("a"));
  expect(() => cluster.put(object("a", [], "payments", "other"))).toThrow(/another uid/);
  cluster.remove(object("a").id);
  cluster.put(object("a", [], "payments", "other"));
  expect(names()).toEqual(["a"]);
});

test("the page keeps what is in sight, marks what changed, and tells only those who look at it", () => {
  const { cluster, view, turn } = filled(object("a", [1]), object("b", [1]));
  turn({});
  const table = new RemoteTable(() => undefined, () => undefined, () => 1000);
  table.take(view.page());
  const told: string[] = [];
  for (const id of table.getOutline().ids) table.subscribeRow(id, () => told.push(id));
  table.subscribeOutline(() => told.push("outline"));
  const outline = table.getOutline();
  cluster.put(object("b", [2]));
  table.take(view.page());
  expect(table.getOutline()).toBe(outline);
  expect(told).toEqual([`harbour\n${object("b").id}`]);
  expect([table.at(1)?.changedAt, table.at(0)?.changedAt]).toEqual([[1000], undefined]);
  cluster.remove(object("a").id);
  table.take(view.page());
  expect([table.getOutline().shown, table.getRow(`harbour\n${object("a").id}`)]).toEqual([1, undefined]);
});

const cell = fc.oneof(fc.constant(undefined), fc.integer({ min: 0, max: 5 }), fc.constantFrom<CellValue>("", "x2", "x10", true));
const batch = fc.record({
  arrived: fc.array(fc.tuple(fc.integer({ min: 0, max: 40 }), cell), { maxLength: 12 }),
  left: fc.array(fc.integer({ min: 0, max: 40 }), { maxLength: 6 }),
  isHeld: fc.boolean(),
});
const sorts = fc.constantFrom<Sort>(BY_NAME, { column: -1, isDescending: true }, { column: 0, isDescending: false }, { column: 0, isDescending: true });

test("moving rows one by one gives the order that sorting everything gives, however slots are used again", () => {
  fc.assert(
    fc.property(fc.array(batch, { maxLength: 12 }), sorts, fc.constantFrom("", "1", "2 pay", "-x"), (batches, sort, filter) => {
      const { cluster, rows, view } = filled();
      const look = { ...FIRST_LOOK, sort, filter, count: 7, start: 3 };
      view.turn(look);
      const page = new Map<number, string>();
      let uid = 0;
      for (const { arrived, left, isHeld } of batches) {
        view.turn({ ...look, isHeld });
        for (const number of left) {
          const id = cluster.idNamed("pods", number % 3 ? "payments" : "search", `pod-${number}`);
          if (id) cluster.remove(id);
        }
        for (const [number, value] of arrived) {
          const namespace = number % 3 ? "payments" : "search";
          const held = cluster.idNamed("pods", namespace, `pod-${number}`);
          cluster.put(object(`pod-${number}`, [value], namespace, held?.split("\n")[3] ?? `${uid++}`));
        }
        const told = view.page();
        const next = new Map(told.rows.map((row) => [row.slot, row.id]));
        const seen = told.slots.map((slot) => [slot, next.get(slot) ?? page.get(slot)] as const);
        page.clear();
        for (const [slot, id] of seen) if (id !== undefined) page.set(slot, id);
        // What the page has pieced together is what is there.
        expect(seen.map(([, id]) => id)).toEqual(view.ids().slice(3, 10));
        if (isHeld) continue;
        const anew = new TableView(rows);
        anew.turn(look);
        expect(view.ids()).toEqual(anew.ids());
        anew.dispose();
      }
    }),
    { numRuns: 200 },
  );
});
