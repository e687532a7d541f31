/** YAML as people read it, with what is redacted marked. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { changedLines, linesOf, yamlOf } from "../src/yaml/lines";

const POD = { status: { phase: "Running" }, spec: { env: "(redacted)", n: 3 }, kind: "Pod", metadata: { name: "a" }, apiVersion: "v1" };

function kinds(yaml: string): string[][] {
  return linesOf(yaml).map((parts) => parts.filter(({ kind }) => kind !== "indent").map(({ kind }) => kind));
}

test("the fields come in the order people expect", () => {
  const firsts = yamlOf(JSON.stringify(POD)).split("\n").filter((line) => !line.startsWith(" "));
  expect(firsts).toEqual(["apiVersion: v1", "kind: Pod", "metadata:", "spec:", "status:"]);
});

test("a redacted value is a part of its own", () => {
  const parts = linesOf("password: (redacted)\nurl: https://(redacted)@host").flat();
  expect(parts.filter(({ kind }) => kind === "redacted")).toHaveLength(2);
  expect(parts.map(({ text }) => text).join("")).toBe("password: (redacted)url: https://(redacted)@host");
});

test("text in a block is no key, whatever it looks like", () => {
  expect(kinds("data:\n  a: |-\n    key: value\n\n    - 3\nnext: 1")).toEqual([["key", "mark"], ["key", "mark", "mark"], ["text"], [], ["text"], ["key", "mark", "number"]]);
});

test("no character of an object is lost or added on the way to the screen", () => {
  const object = fc.record({ kind: fc.constant("Pod"), spec: fc.dictionary(fc.string(), fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.array(fc.string()))) });
  fc.assert(
    fc.property(object, (value) => {
      const yaml = yamlOf(JSON.stringify(value));
      const shown = linesOf(yaml).map((parts) => parts.map(({ text }) => text).join("")).join("\n");
      expect(shown).toBe(yaml);
      expect(parse(shown)).toEqual(JSON.parse(JSON.stringify(value)));
    }),
  );
});

test("only lines that are new count as changed", () => {
  expect([...changedLines(["a", "b", "c"], ["a", "x", "b", "c"])]).toEqual([1]);
  expect([...changedLines(["a", "b"], ["a", "b"])]).toEqual([]);
});
