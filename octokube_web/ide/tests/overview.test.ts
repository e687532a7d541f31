/** What is told at a glance of an object, and what of its past. */
import { expect, test } from "vitest";
import { stepBetween } from "../src/object/history";
import { overviewOf, type Section } from "../src/object/overview";

const META = { name: "web", namespace: "payments", uid: "u1", labels: { app: "web" }, creationTimestamp: "2026-03-01T10:00:00Z" };

function told(type: string, object: object): Section[] {
  return [...overviewOf(type, JSON.stringify({ metadata: META, ...object }))];
}
const titled = (sections: Section[], title: string) => sections.find((section) => section.title === title);
const cells = (section: Section | undefined) => (section?.is === "table" ? section.rows.map((row) => row.map(({ text }) => text)) : []);
const factsOf = (section: Section | undefined) => (section?.is === "facts" ? Object.fromEntries(section.facts.map(({ term, value }) => [term, value])) : {});

test("a pod tells its containers, with what each is up to", () => {
  const sections = told("pods", {
    spec: {
      nodeName: "node-1",
      containers: [
        { name: "web", image: "web:1", resources: { requests: { cpu: "100m" } }, ports: [{ containerPort: 80 }] },
        { name: "proxy", image: "proxy:2" },
      ],
      initContainers: [{ name: "init", image: "init:1" }],
      volumes: [{ name: "data", persistentVolumeClaim: { claimName: "data-web" } }],
    },
    status: {
      phase: "Running",
      containerStatuses: [
        { name: "web", ready: true, restartCount: 2, state: { running: {} } },
        { name: "proxy", ready: false, restartCount: 7, state: { waiting: { reason: "CrashLoopBackOff" } } },
      ],
      initContainerStatuses: [{ name: "init", restartCount: 0, state: { terminated: { exitCode: 0, reason: "Completed" } } }],
      conditions: [{ type: "Ready", status: "False", reason: "ContainersNotReady", lastTransitionTime: "2026-03-01T10:00:00Z" }],
    },
  });
  expect(cells(titled(sections, "Containers"))).toEqual([
    ["web", "running", "2", "web:1", "cpu=100m", "", "80"],
    ["proxy", "CrashLoopBackOff", "7", "proxy:2", "", "", ""],
  ]);
  expect(cells(titled(sections, "Init containers"))[0]?.[1]).toBe("Completed (exit code 0)");
  expect(cells(titled(sections, "Volumes"))).toEqual([["data", "persistentVolumeClaim", "data-web"]]);
  const conditions = titled(sections, "Conditions");
  expect(conditions?.is === "table" && conditions.rows[0]?.[1]).toEqual({ text: "False", tone: "bad" });
  const facts = titled(sections, "Pod");
  expect(facts?.is === "facts" && facts.facts.find(({ term }) => term === "Node")?.link).toEqual({ type: "nodes", namespace: "", name: "node-1" });
  expect(titled(sections, "Labels")).toMatchObject({ words: ["app=web"] });
});

test("a node under pressure is bad news, and a condition that is not known is neither", () => {
  const sections = told("nodes", { status: { conditions: [{ type: "MemoryPressure", status: "True" }, { type: "DiskPressure", status: "False" }, { type: "Ready", status: "Unknown" }] } });
  const conditions = titled(sections, "Conditions");
  expect(conditions?.is === "table" && conditions.rows.map((row) => row[1]?.tone)).toEqual(["bad", "good", "busy"]);
});

test("a workload tells how many there are; its template has no state", () => {
  const sections = told("deployments.apps", {
    spec: { replicas: 3, selector: { matchLabels: { app: "web" } }, template: { spec: { containers: [{ name: "web", image: "web:1" }] } } },
    status: { replicas: 3, readyReplicas: 1 },
  });
  expect(factsOf(titled(sections, "Replicas"))).toMatchObject({ Wanted: "3", Ready: "1", Selector: "app=web" });
  expect(titled(sections, "Containers")).toMatchObject({ columns: ["Container", "Image", "Requests", "Limits", "Ports"] });
});

test("a Secret's values are never told, nor a ConfigMap's", () => {
  const secret = told("secrets", { type: "Opaque", data: { password: "(redacted)" } });
  expect(cells(titled(secret, "Keys"))).toEqual([["password", "redacted"]]);
  const map = told("configmaps", { data: { "app.yaml": "canary: 1" } });
  expect(JSON.stringify(map)).not.toContain("canary");
});

test("a kind that is not known tells its plain members", () => {
  const sections = told("widgets.example.com", { spec: { size: 3, tags: ["a", "b"], deep: { x: 1 } }, status: { phase: "Ready" } });
  expect(factsOf(titled(sections, "Spec"))).toEqual({ size: "3", tags: "a, b" });
  expect(factsOf(titled(sections, "Status"))).toEqual({ phase: "Ready" });
});

test.each(["pods", "deployments.apps", "daemonsets.apps", "jobs.batch", "cronjobs.batch", "services", "ingresses.networking.k8s.io", "nodes", "configmaps", "secrets", "persistentvolumeclaims", "persistentvolumes", "namespaces", "horizontalpodautoscalers.autoscaling", "unknown"])(
  "%s with nothing, or with nonsense, in it is told without a fault",
  (type) => {
    expect(told(type, {})).toBeDefined();
    expect(told(type, { spec: [], status: "odd", data: 7 })).toBeDefined();
    expect(told(type, { spec: { containers: {}, ports: "x", rules: [null], template: 1 }, status: { conditions: [1, null], addresses: [{}] } })).toBeDefined();
  },
);

test("a change is told field by field, without what always changes", () => {
  const before = { metadata: { name: "web", resourceVersion: "1", labels: { "a.b/c": "1" } }, spec: { replicas: 1, ports: [80] } };
  const after = { metadata: { name: "web", resourceVersion: "2", labels: { "a.b/c": "2" } }, spec: { ports: [80, 81] }, status: { ready: true } };
  expect(stepBetween(JSON.stringify(before), JSON.stringify(after), 5)).toEqual({
    at: 5,
    more: 0,
    changes: [
      { path: 'metadata.labels["a.b/c"]', before: '"1"', after: '"2"' },
      { path: "spec.replicas", before: "1", after: undefined },
      { path: "spec.ports[1]", before: undefined, after: "81" },
      { path: "status", before: undefined, after: '{"ready":true}' },
    ],
  });
  expect(stepBetween(JSON.stringify(before), JSON.stringify({ ...before, metadata: { ...before.metadata, resourceVersion: "9" } }), 5)).toBeUndefined();
});
