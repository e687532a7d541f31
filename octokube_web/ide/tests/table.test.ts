/** The table's order is right after every batch, and each row tells only whom it concerns. */
import fc from "fast-check";
import { expect, test } from "vitest";
import type { Viewed } from "../src/state/viewed";
import { BY_NAME, TableModel, type Sort } from "../src/table/model";

function object(name: string, cells: Viewed["cells"] = [], namespace = "payments"): Viewed {
  const id = `pods\n${namespace}\n${name}\nuid`;
  return { id, type: "pods", namespace, name, uid: "uid", resourceVersion: "1", cells, body: "" };
}

function names(model: TableModel): string[] {
  return model.getOrder().map((id) => (model.getRow(id) as Viewed).name);
}

function filled(...objects: Viewed[]): TableModel {
  const model = new TableModel(() => 1000);
  model.apply({ arrived: objects, left: [] });
  return model;
}

test("names are sorted with their numbers as numbers", () => {
  expect(names(filled(object("web-10"), object("web-2"), object("api"), object("web-1")))).toEqual(["api", "web-1", "web-2", "web-10"]);
});

test("what is unknown comes last in both directions", () => {
  const model = filled(object("a", [undefined]), object("b", [2]), object("c", [1]));
  model.setSort({ column: 0, isDescending: false });
  expect(names(model)).toEqual(["c", "b", "a"]);
  model.setSort({ column: 0, isDescending: true });
  expect(names(model)).toEqual(["b", "c", "a"]);
});

test("every word of the filter has to occur in a row", () => {
  const model = filled(object("api-1", ["Running"]), object("api-2", ["Error"]), object("web-1", ["Error"]));
  model.setFilter(" ERROR api ");
  expect(names(model)).toEqual(["api-2"]);
  model.apply({ arrived: [object("api-1", ["Error"])], left: [] });
  expect(names(model)).toEqual(["api-1", "api-2"]);
  model.apply({ arrived: [object("api-2", ["Running"])], left: [] });
  expect(names(model)).toEqual(["api-1"]);
});

test("a change that moves no row leaves the order's array alone and tells that row only", () => {
  const model = filled(object("a", [1]), object("b", [1]));
  const order = model.getOrder();
  const told: string[] = [];
  for (const id of order) model.subscribeRow(id, () => told.push(id));
  model.subscribeOrder(() => told.push("order"));
  model.apply({ arrived: [object("b", [2])], left: [] });
  expect(model.getOrder()).toBe(order);
  expect(told).toEqual([object("b").id]);
  expect(model.getRow(object("b").id)?.changedAt).toEqual([1000]);
  expect(model.getRow(object("a").id)?.changedAt).toBeUndefined();
});

test("a table that is held still keeps its rows, except what may no longer be seen", () => {
  const model = filled(object("a"), object("b"));
  model.setFrozen(true);
  model.apply({ arrived: [object("c")], left: [{ id: object("a").id, reason: "withdrawn" }] });
  expect(names(model)).toEqual(["b"]);
  expect(model.waiting).toBe(1);
  model.setFrozen(false);
  expect(names(model)).toEqual(["b", "c"]);
});

test("clearing forgets every row, and what waits", () => {
  const model = filled(object("a"));
  model.setFrozen(true);
  model.apply({ arrived: [object("b")], left: [] });
  model.clear();
  model.setFrozen(false);
  expect([model.size, names(model)]).toEqual([0, []]);
});

const cell = fc.oneof(fc.constant(undefined), fc.integer({ min: 0, max: 5 }));
const batch = fc.record({
  arrived: fc.array(fc.tuple(fc.integer({ min: 0, max: 40 }), cell), { maxLength: 12 }),
  left: fc.array(fc.integer({ min: 0, max: 40 }), { maxLength: 4 }),
});
const sorts = fc.constantFrom<Sort>(BY_NAME, { column: -1, isDescending: true }, { column: 0, isDescending: false }, { column: 0, isDescending: true });

test("moving rows one by one gives the order that sorting everything gives", () => {
  fc.assert(
    fc.property(fc.array(batch, { maxLength: 12 }), sorts, fc.constantFrom("", "1", "2 pay"), (batches, sort, filter) => {
      const model = new TableModel(() => 0);
      model.setSort(sort);
      model.setFilter(filter);
      const all = new Map<string, Viewed>();
      for (const { arrived, left } of batches) {
        const objects = arrived.map(([number, value]) => object(`pod-${number}`, [value], number % 3 ? "payments" : "search"));
        const leaving = left.map((number) => object(`pod-${number}`, [], number % 3 ? "payments" : "search").id);
        const gone = leaving.filter((id) => !objects.some((one) => one.id === id));
        for (const one of objects) all.set(one.id, one);
        for (const id of gone) all.delete(id);
        model.apply({ arrived: objects, left: gone.map((id) => ({ id, reason: "deleted" as const })) });
        const anew = new TableModel(() => 0);
        anew.setSort(sort);
        anew.setFilter(filter);
        anew.apply({ arrived: [...all.values()], left: [] });
        expect(model.getOrder()).toEqual(anew.getOrder());
      }
    }),
    { numRuns: 150 },
  );
});
