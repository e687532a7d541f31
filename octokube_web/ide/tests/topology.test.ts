/** What belongs to what, and where it is drawn. */
import fc from "fast-check";
import { expect, test } from "vitest";
import type { Viewed } from "../src/state/viewed";
import { factsOf, isSelected, type Facts } from "../src/topology/facts";
import { graphOf, rolledUp, worst, type Graph } from "../src/topology/graph";
import { placed } from "../src/topology/layout";
import type { Tone } from "../src/ui/freshness";

const facts = (type: string, name: string, body: object = {}, cells: Viewed["cells"] = [], namespace = "red"): Facts =>
  factsOf({ id: `${type}\n${namespace}\n${name}`, type, namespace, name, uid: `uid-${type}-${namespace}-${name}`, resourceVersion: "1", cells, body: JSON.stringify(body) });
const owned = (kind: string, owner: Facts, labels: Record<string, string> = {}) =>
  ({ metadata: { labels, ownerReferences: [{ apiVersion: "apps/v1", kind, name: owner.name, uid: owner.uid }] } });
const calm = (): Tone => "calm";
const told = ({ nodes, edges }: Graph) => {
  const names = new Map(nodes.map(({ id, name }) => [id, name]));
  return edges.map(({ from, to }) => `${names.get(from)} > ${names.get(to)}`).sort();
};

const DEPLOYMENT = facts("deployments.apps", "web", { spec: { selector: { matchLabels: { app: "web" } } } });
const SET = facts("replicasets.apps", "web-1", owned("ReplicaSet", DEPLOYMENT));
const POD = facts("pods", "web-1-a", owned("ReplicaSet", SET, { app: "web" }), ["Failed"]);
const SERVICE = facts("services", "web", { spec: { selector: { app: "web" } } });
const INGRESS = facts("ingresses.networking.k8s.io", "shop", { spec: { rules: [{ http: { paths: [{ backend: { service: { name: "web" } } }, { backend: { service: { name: "gone" } } }] } }] } });
const SLICE = facts("endpointslices.discovery.k8s.io", "web-x", { metadata: { labels: { "kubernetes.io/service-name": "web" } }, endpoints: [{ targetRef: { kind: "Pod", name: "web-1-a" } }] });
const OTHER = facts("pods", "api", { metadata: { labels: { app: "web" } } }, [], "blue");

test("owners lead to what they own, and an owner that is not seen stands there as such", () => {
  const stray = facts("pods", "lone", { metadata: { ownerReferences: [{ apiVersion: "example.com/v1", kind: "Machine", name: "m", uid: "elsewhere" }] } });
  const graph = graphOf("ownership", [POD, SET, DEPLOYMENT, stray], calm);
  expect(told(graph)).toEqual(["m > lone", "web > web-1", "web-1 > web-1-a"]);
  expect(graph.nodes.find(({ isUnseen }) => isUnseen)).toMatchObject({ name: "m", type: "Machine.example.com" });
});

test("a request goes from an ingress to a service, its slice and the pods, of the same namespace only", () => {
  const graph = graphOf("network", [POD, SERVICE, INGRESS, SLICE, OTHER], calm);
  expect(told(graph)).toEqual(["shop > web", "web > web-1-a", "web > web-x", "web-x > web-1-a"]);
});

test("selectors choose as Kubernetes does", () => {
  const choose = (expressions: object[]) => ({ labels: {}, expressions: expressions as never });
  const labels = { app: "web", tier: "front" };
  expect(isSelected(choose([{ key: "app", operator: "In", values: ["web", "api"] }, { key: "tier", operator: "Exists", values: [] }]), labels)).toBe(true);
  expect(isSelected(choose([{ key: "app", operator: "NotIn", values: ["web"] }]), labels)).toBe(false);
  expect(isSelected(choose([{ key: "none", operator: "NotIn", values: ["web"] }, { key: "none", operator: "DoesNotExist", values: [] }]), labels)).toBe(true);
  const policy = facts("networkpolicies.networking.k8s.io", "all", { spec: { podSelector: {} } });
  expect(told(graphOf("selectors", [policy, POD, OTHER], calm))).toEqual(["all > web-1-a"]);
  const headless = facts("services", "outside", { spec: {} });
  expect(told(graphOf("selectors", [headless, POD], calm))).toEqual([]);
});

test("how something fares is how the worst of what it leads to fares", () => {
  const graph = graphOf("ownership", [DEPLOYMENT, SET, POD], ({ type }) => (type === "pods" ? "bad" : "good"));
  expect(rolledUp(graph).get(DEPLOYMENT.id)).toBe("bad");
  expect(worst(["calm", "good", "busy"])).toBe("busy");
  expect(worst([])).toBe("calm");
});

test("a name keeps what hangs together with it", () => {
  const graph = graphOf("ownership", [DEPLOYMENT, SET, POD, OTHER], calm, "web-1-a");
  expect(graph.nodes.map(({ name }) => name).sort()).toEqual(["web", "web-1", "web-1-a"]);
});

test("beyond what can be drawn, pods stand together by owner, then by app, then by namespace", () => {
  const owners = Array.from({ length: 20 }, (_, index) => facts("replicasets.apps", `rs-${index}`, { metadata: { labels: { app: `app-${index % 4}` } } }));
  const pods = owners.flatMap((owner, index) =>
    Array.from({ length: 30 }, (_, pod) => facts("pods", `p-${index}-${pod}`, owned("ReplicaSet", owner, { app: `app-${index % 4}` }), pod === 3 ? ["bad"] : [])));
  const tone = ({ cells }: Facts): Tone => (cells[0] === "bad" ? "bad" : "good");
  const byOwner = graphOf("ownership", [...owners, ...pods], tone, "", 100);
  expect(byOwner).toMatchObject({ objects: 620, isGrouped: true, nodes: { length: 40 }, edges: { length: 20 } });
  expect(byOwner.nodes.find(({ name }) => name === "rs-3" )).toBeDefined();
  expect(byOwner.nodes.filter(({ count, tone: fares }) => count === 30 && fares === "bad").length).toBe(20);
  const byApp = graphOf("ownership", [...owners, ...pods], tone, "", 20);
  expect(byApp.nodes.map(({ name, count }) => `${name} ${count}`).sort()).toContain("app-0 150");
  expect(byApp.nodes.length).toBe(8);
  expect(byApp.nodes.find(({ name }) => name === "app-1")?.label).toBe("app=app-1");
  expect(graphOf("ownership", [...owners, ...pods], tone, "", 3).nodes.length).toBe(2);
});

test("whatever hangs together with whatever: each node has a place of its own, right of what leads to it", () => {
  const graphs = fc.integer({ min: 1, max: 25 }).chain((size) => fc.record({ size: fc.constant(size), links: fc.array(fc.tuple(fc.nat(size - 1), fc.nat(size - 1)), { maxLength: 60 }) }));
  fc.assert(fc.property(graphs, ({ size, links }) => {
    const nodes = Array.from({ length: size }, (_, index) => ({ id: `${index}`, type: "pods", namespace: "red", name: `${index}`, count: 1, tone: "calm" as const, isUnseen: false, label: "" }));
    // Upwards only: what owns is never owned by what it owns.
    const edges = links.filter(([from, to]) => from < to).map(([from, to]) => ({ from: `${from}`, to: `${to}` }));
    const places = placed(nodes, edges);
    expect(places.length).toBe(size);
    expect(new Set(places.map(({ column, row }) => `${column}/${row}`)).size).toBe(size);
    const columnOf = new Map(places.map(({ node, column }) => [node.id, column]));
    for (const { from, to } of edges) expect(columnOf.get(to)).toBeGreaterThan(columnOf.get(from) ?? 0);
    expect(placed([...nodes].reverse(), edges)).toEqual(places);
  }));
});

test("a circle is drawn all the same", () => {
  const nodes = ["a", "b"].map((id) => ({ id, type: "pods", namespace: "", name: id, count: 1, tone: "good" as const, isUnseen: false, label: "" }));
  const edges = [{ from: "a", to: "b" }, { from: "b", to: "a" }];
  expect(placed(nodes, edges).length).toBe(2);
  expect(rolledUp({ nodes, edges }).get("a")).toBe("good");
});
