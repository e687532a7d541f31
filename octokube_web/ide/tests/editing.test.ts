/** What an editor needs to know: differences, schemas, and where in a text one is. */
import { Text } from "@codemirror/state";
import fc from "fast-check";
import { expect, test } from "vitest";
import { diagnosticsOf, pathAt } from "../src/operations/editor";
import { hunks, lineDiff } from "../src/operations/line-diff";
import { isEqual, mergeDiff } from "../src/operations/merge-diff";
import { check, fieldsAt, type Schema } from "../src/operations/schema";
import { applyPatch, type Json } from "../src/state/merge-patch";

// Of JSON all but null, which a merge patch can't set.
const { document } = fc.letrec((tie) => ({
  document: fc.dictionary(fc.string({ maxLength: 3 }), tie("value"), { maxKeys: 4 }),
  value: fc.oneof({ depthSize: "small" }, fc.boolean(), fc.integer(), fc.string({ maxLength: 3 }), fc.array(tie("value"), { maxLength: 3 }), tie("document")),
}));

test("a merge patch makes the one of the other, and an equal one is empty", () => {
  fc.assert(
    fc.property(document, document, (before, after) => {
      const [from, to] = [before as Json, after as Json];
      expect(isEqual(applyPatch(from, mergeDiff(from, to)), to)).toBe(true);
      expect(mergeDiff(from, from)).toEqual({});
    }),
  );
});

test("a difference of lines holds both texts, and the longest part that they share", () => {
  const text = fc.array(fc.constantFrom("a", "b", "c", "d"), { minLength: 1, maxLength: 12 }).map((lines) => lines.join("\n"));
  fc.assert(
    fc.property(text, text, (before, after) => {
      const lines = lineDiff(before, after);
      const without = (kind: string) => lines.filter((line) => line.kind !== kind).map((line) => line.text).join("\n");
      expect(without("new")).toBe(before);
      expect(without("gone")).toBe(after);
    }),
  );
  expect(lineDiff("a\nb\nc", "a\nx\nc").map((line) => line.kind)).toEqual(["same", "gone", "new", "same"]);
});

test("only what changed is shown, with a little around it", () => {
  const before = Array.from({ length: 40 }, (_, index) => `line ${index}`);
  const after = before.with(20, "another");
  const shown = hunks(lineDiff(before.join("\n"), after.join("\n")));
  expect(shown.length).toBe(10);
  expect([shown[0], shown.at(-1)]).toEqual(["skipped", "skipped"]);
});

const SCHEMA: Schema = {
  $ref: "#/definitions/Deployment",
  definitions: {
    Deployment: { type: "object", properties: { kind: { type: "string" }, spec: { allOf: [{ $ref: "#/definitions/Spec" }], description: "what is wanted" } } },
    Spec: {
      type: "object",
      required: ["selector"],
      properties: {
        replicas: { type: "integer" },
        selector: { type: "object", additionalProperties: { type: "string" } },
        port: { "x-kubernetes-int-or-string": true },
        policy: { type: "string", enum: ["Always", "Never"] },
        containers: { type: "array", items: { $ref: "#/definitions/Container" } },
        anything: { type: "object", "x-kubernetes-preserve-unknown-fields": true },
      },
    },
    Container: { type: "object", properties: { name: { type: "string" }, image: { type: "string" } } },
  },
};

test.each<[string, Json, string[]]>([
  ["what fits has no problem", { kind: "x", spec: { selector: { a: "b" }, replicas: 3, port: "http", anything: { x: [1] } } }, []],
  ["a wrong type", { spec: { selector: {}, replicas: "3" } }, ["spec.replicas: a whole number is expected here, not a text"]],
  ["a fraction", { spec: { selector: {}, replicas: 1.5 } }, ["spec.replicas: a whole number is expected here, not a number"]],
  ["a field that there is not", { spec: { selector: {}, replica: 3 } }, ["spec.replica: there is no field replica here; did you mean replicas?"]],
  ["a missing field", { spec: {} }, ["spec: the field selector is missing here"]],
  ["a word that is none of them", { spec: { selector: {}, policy: "Maybe" } }, ["spec.policy: one of Always, Never is expected here"]],
  ["inside a list", { spec: { selector: {}, containers: [{ name: "a" }, { nmae: "b" }] } }, ["spec.containers.1.nmae: there is no field nmae here; did you mean name?"]],
  ["a value of an open object", { spec: { selector: { a: 1 } } }, ["spec.selector.a: a text is expected here, not a number"]],
])("%s", (_, value, expected) => {
  expect(check(SCHEMA, value).map(({ path, message }) => `${path.join(".")}: ${message}`)).toEqual(expected);
});

test("a schema that refers to itself, or to nothing, ends", () => {
  const loop: Schema = { $ref: "#/definitions/A", definitions: { A: { $ref: "#/definitions/A" } } };
  expect(check(loop, { a: 1 })).toEqual([]);
  expect(check({ $ref: "#/definitions/None" }, { a: 1 })).toEqual([]);
  expect(fieldsAt(loop, ["x"])).toEqual([]);
});

const LINES = `kind: Deployment
spec:
  containers:
  - name: a
    image: x
  - name: b

    image: y
  selector:
    app: a
`;

test.each<[number, string, (string | number)[]]>([
  [3, "  ", ["spec"]],
  [5, "    ", ["spec", "containers", 0]],
  [7, "    ", ["spec", "containers", 1]],
  [4, "  - ", ["spec", "containers", 0]],
  [10, "    ", ["spec", "selector"]],
  [1, "", []],
])("line %i, after %j, is inside %j", (line, prefix, expected) => {
  expect(pathAt(Text.of(LINES.split("\n")), line, prefix)).toEqual(expected);
});

test("what can be completed are the fields of the place", () => {
  expect(fieldsAt(SCHEMA, ["spec", "containers", 0]).map((field) => field.name)).toEqual(["name", "image"]);
  expect(fieldsAt(SCHEMA, []).find((field) => field.name === "spec")?.description).toBe("what is wanted");
});

test("problems stand at what they are about", () => {
  const text = "spec:\n  selector: {}\n  replicas: many\n  polcy: Always\n";
  const found = diagnosticsOf(text, SCHEMA).map((one) => [text.slice(one.from, one.to), one.severity]);
  expect(found).toEqual([["many", "warning"], ["polcy", "warning"]]);
  const broken = diagnosticsOf("a: [1\nb: 2", SCHEMA);
  expect(broken[0]?.severity).toBe("error");
});
