/** The explorer's lines and its counts: what may be seen, and as much of it as there is. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { CountsView } from "../src/feed/counts-view";
import type { Catalog, Report, TypeInfo } from "../src/feed/messages";
import { RowStore } from "../src/table/row-store";
import { sortFrom, sortWord } from "../src/table/sorting";
import { readViews } from "../src/workbench/saved";
import { Counts } from "../src/workbench/counts";
import { treeOf, type TreeQuestion } from "../src/workbench/tree";

const type = (name: string, kind: string, more: Partial<TypeInfo> = {}): TypeInfo => ({
  type: name, kind, group: name.split(".").slice(1).join("."), namespaced: true, shortNames: [], columns: [], condition: "synced", reason: "", ...more,
});
const TYPES = [type("pods", "Pod", { shortNames: ["po"] }), type("nodes", "Node", { namespaced: false }), type("deployments.apps", "Deployment")];
const cluster = (name: string) => ({ name, health: { condition: "live", since: 0, reason: "" } as const, types: TYPES, namespaces: ["blue", "red"] });
const CATALOG: Catalog = { clusters: [cluster("one"), cluster("two")], clockOffset: 0, nextEdge: 0, policyRevision: "" };
const ask = (more: Partial<TreeQuestion> = {}) =>
  treeOf({ catalog: CATALOG, current: "one", toggled: new Set(), filter: "", counts: undefined, listed: new Map(), views: [], ...more });
const lines = (nodes: ReturnType<typeof treeOf>) => nodes.map((node) => `${"  ".repeat(node.level - 1)}${node.title}`);

test("the present cluster is open with its groups and types, others and all namespaces are a step away", () => {
  expect(lines(ask())).toEqual(["one", "  Core", "    Nodes", "    Pods", "  Workloads", "    Deployments", "  Namespaces", "two"]);
});

test("a namespace holds only types that lie in namespaces, and those that are there once that is known", () => {
  const toggled = new Set(["cluster one/namespaces", "cluster one/namespace red"]);
  expect(lines(ask({ toggled })).slice(6)).toEqual(["  Namespaces", "    blue", "    red", "      Core", "        Pods", "      Workloads", "        Deployments", "two"]);
  const counts = new Counts();
  counts.take([{ cluster: "one", namespace: "red", type: "pods", count: 3 }]);
  const known = ask({ toggled, counts });
  expect(lines(known).slice(6)).toEqual(["  Namespaces", "    blue", "    red", "      Core", "        Pods", "two"]);
  expect(known.filter((node) => node.title === "Pods").map((node) => node.count)).toEqual([3, 3]);
});

test("every line says where it stands among its own", () => {
  for (const node of ask({ toggled: new Set(["cluster one/namespaces"]) })) {
    expect(node.position).toBeGreaterThan(0);
    expect(node.position).toBeLessThanOrEqual(node.siblings);
  }
});

test("an open type lists objects, and tells of those that it does not list", () => {
  const id = "cluster one/type pods";
  const listed = new Map([[id, { total: 5, objects: [{ namespace: "red", name: "web" }] }]]);
  const nodes = ask({ toggled: new Set([id]), listed });
  expect(lines(nodes).slice(3, 6)).toEqual(["    Pods", "      web (red)", "      4 more in the table"]);
  expect(nodes[4]?.place).toMatchObject({ cluster: "one", type: "pods", name: "web", inNamespace: "red" });
});

test("a filter leaves types by name, kind and short name, and namespaces by name", () => {
  expect(lines(ask({ filter: "po" }))).toEqual(["one", "  Core", "    Pods", "two", "  Core", "    Pods"]);
  expect(lines(ask({ filter: "blu" }))).toEqual(["one", "  Namespaces", "    blue", "two", "  Namespaces", "    blue"]);
});

test("saved views come first and lead to their table, narrowed and sorted", () => {
  const place = { cluster: "one", type: "pods", namespace: "red", labels: "app=web", filter: "status:error", sort: "-Restarts" };
  const nodes = ask({ views: [{ name: "Broken", place }] });
  expect(lines(nodes).slice(0, 3)).toEqual(["Saved views", "  Broken", "one"]);
  expect(nodes[1]?.place).toMatchObject({ ...place, name: "", page: "" });
  expect(lines(ask({ views: [{ name: "Broken", place }], filter: "bro" }))).toEqual(["Saved views", "  Broken", "one", "two"]);
});

test("what another program wrote is no view", () => {
  for (const text of [null, "", "{", "7", "null", '[null, 3, {"name": ""}, {"name": "x"}, {"place": {}}]']) expect(readViews(text)).toEqual([]);
  expect(readViews('[{"name": "x", "place": {"type": "pods", "filter": 7}}]')).toEqual([
    { name: "x", place: { cluster: "", type: "pods", namespace: "", labels: "", filter: "", sort: "" } },
  ]);
});

test("every order is read back from its word", () => {
  const titles = ["Ready", "Restarts", "-odd"];
  for (const column of [-2, -1, 0, 1, 2]) for (const isDescending of [false, true]) {
    const sort = { column, isDescending };
    expect(sortFrom(sortWord(sort, titles), titles)).toEqual(sort);
  }
  expect(sortWord({ column: -2, isDescending: false }, titles)).toBe("");
  for (const nonsense of ["Gone", "-Gone", "-", "@", "@type"]) expect(sortFrom(nonsense, titles)).toEqual({ column: -2, isDescending: false });
});

test("counts are those of the rows, whatever comes, changes and goes in whatever order", () => {
  const step = fc.record({
    cluster: fc.constantFrom("one", "two"), namespace: fc.constantFrom("", "blue", "red"), type: fc.constantFrom("pods", "nodes"), name: fc.constantFrom("a", "b", "c"),
    what: fc.constantFrom("put", "put", "remove", "taken"),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
      const rows = new RowStore();
      const counts = new Counts();
      const reports: Report[] = [];
      const hear = (report: Report) => {
        reports.push(report);
        if (report.tell === "counts") counts.take(report.counts);
      };
      const view = new CountsView(1, hear, rows);
      const stores = { one: rows.ofCluster("one"), two: rows.ofCluster("two") };
      for (const { cluster, namespace, type, name, what } of steps) {
        const store = stores[cluster];
        if (what === "taken") view.taken();
        else if (what === "put") store.put({ id: `${type}\n${namespace}\n${name}\nu`, type, namespace, name, uid: "u", resourceVersion: "1", cells: [1], body: "" });
        else store.remove(`${type}\n${namespace}\n${name}\nu`);
        view.changed();
      }
      for (let i = 0; i < 3; i++) view.taken();
      const brute = new Map<string, number>();
      for (const slot of rows.allSlots()) {
        for (const namespace of [rows.namespace(slot), "*"]) {
          const key = `${rows.cluster(slot)}/${namespace}/${rows.type(slot)}`;
          brute.set(key, (brute.get(key) ?? 0) + 1);
        }
      }
      for (const cluster of ["one", "two"]) for (const namespace of ["", "blue", "red", "*"]) for (const type of ["pods", "nodes"]) {
        expect(counts.of(cluster, namespace, type)).toBe(brute.get(`${cluster}/${namespace}/${type}`) ?? 0);
      }
      // Nothing is told that has not changed.
      const told = reports.length;
      view.taken();
      expect(reports.length).toBe(told);
    }),
  );
});
