/** A filter means what its text says, term by term. */
import { expect, test } from "vitest";
import { BadQuery, parseQuery, toggleValue, valuesAskedFor } from "../src/table/query";
import { RowStore } from "../src/table/row-store";

const COLUMNS = ["Status", "Restarts", "Node", "Ready", "Nominated Node"];
const PODS = [
  ["web-1", "payments", ["Running", 0, "node-a", true]],
  ["web-2", "payments", ["CrashLoopBackOff", 12, "node-b", false]],
  ["api-10", "search", ["Running", 3, "node-a", true, "node-b"]],
  ["batch", "search", ["Not Ready", 1, "10.0.0.1:80", undefined]],
] as const;

const rows = new RowStore();
for (const [name, namespace, cells] of PODS) {
  const id = `pods\n${namespace}\n${name}\n${name}`;
  rows.ofCluster("harbour").put({ id, type: "pods", namespace, name, uid: name, resourceVersion: "1", cells, body: "" });
}

function found(text: string): string[] {
  const query = parseQuery(text, COLUMNS);
  return [...rows.allSlots()].filter((slot) => query.matches(rows, slot)).map(rows.name);
}

test.each([
  ["", ["web-1", "web-2", "api-10", "batch"]],
  ["web", ["web-1", "web-2"]],
  ["WEB run", ["web-1"]],
  ["-web", ["api-10", "batch"]],
  ['"not ready"', ["batch"]],
  ['-"not ready" search', ["api-10"]],
  ["/^web-\\d$/", ["web-1", "web-2"]],
  ["-/^web-\\d$/", ["api-10", "batch"]],
  ["status:running", ["web-1", "api-10"]],
  ["status:running,crashloopbackoff -api", ["web-1", "web-2"]],
  ["status:run*", ["web-1", "api-10"]],
  ["status:run", []],
  ['status:"not ready"', ["batch"]],
  ["-status:running", ["web-2", "batch"]],
  ["restarts:>2", ["web-2", "api-10"]],
  ["restarts:<=1", ["web-1", "batch"]],
  ["restarts:3", ["api-10"]],
  ["ready:no", ["web-2"]],
  ["nominated-node:node-b", ["api-10"]],
  ["nominated-node:", ["web-1", "web-2", "batch"]],
  ["ns:payments name:*-2", ["web-2"]],
  ["cluster:harbour batch", ["batch"]],
  ["10.0.0.1:80", ["batch"]],
  ["nothing:such", []],
  ["-", ["web-1", "web-2", "api-10"]],
])("%s finds %j", (text, names) => expect(found(text)).toEqual(names));

test("an expression that can't be read is named", () => {
  expect(() => parseQuery("/a(/", COLUMNS)).toThrow(BadQuery);
  expect(() => parseQuery("/a(/", COLUMNS)).toThrow(/^\/a\(\/ is no regular expression: /);
});

test("a value is asked for, and another, and the first not any more, whatever else the filter says", () => {
  const one = toggleValue("web -batch", "Status", "Running");
  expect(one).toBe("web -batch status:running");
  const two = toggleValue(one, "Status", "Not Ready");
  expect(two).toBe('web -batch status:"running,not ready"');
  expect(valuesAskedFor(two, "Status")).toEqual(["running", "not ready"]);
  expect(found(toggleValue(toggleValue("", "Status", "Not Ready"), "Status", "CrashLoopBackOff"))).toEqual(["web-2", "batch"]);
  const three = toggleValue(two, "Status", "Running");
  expect(three).toBe('web -batch status:"not ready"');
  expect(toggleValue(three, "Status", "Not Ready")).toBe("web -batch");
  expect(toggleValue("-status:running", "Status", "Running")).toBe("-status:running status:running");
});
