/** Lines of logs: how grave they are, when they were written, what is marked in them. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { expanded, isAtLeast, levelOf, marked, stamped } from "../src/operations/levels";

test("levels are read as programs write them", () => {
  const levels = {
    "E0302 10:00:00.000000       1 reflector.go:1] failed": "error",
    "I0302 10:00:00.000000       1 main.go:1] started": "info",
    "W0302 10:00:00.000000       1 x.go] level=error": "warning",
    '{"level":"warn","msg":"slow"}': "warning",
    '{"severity":"CRITICAL","msg":"x"}': "error",
    '{"level":50,"msg":"bunyan"}': "error",
    '{"level":30,"msg":"bunyan"}': "info",
    'time="2026-03-02T10:00:00Z" level=debug msg="x"': "debug",
    "2026-03-02 10:00:00,123 ERROR [main] boom": "error",
    "[notice] 1#1: signal process started": "info",
    "GET /errors 200": undefined,
    "an error occurred somewhere": undefined,
    "lvl=dbug": undefined,
  };
  for (const [text, level] of Object.entries(levels)) expect(levelOf(text), text).toBe(level);
});

test("a line that says nothing counts as information", () => {
  expect([isAtLeast("hello", "info"), isAtLeast("hello", "warning"), isAtLeast("ERROR x", "warning"), isAtLeast("DEBUG x", "info")]).toEqual([true, false, true, false]);
});

test("the cluster's time is parted from the line, and nothing else is", () => {
  expect(stamped("2026-03-02T10:00:00.123456789Z hello")).toEqual({ at: Date.parse("2026-03-02T10:00:00.123Z"), text: "hello" });
  expect(stamped("2026-03-02T10:00:00+01:00 ")).toEqual({ at: Date.parse("2026-03-02T09:00:00Z"), text: "" });
  expect(stamped("hello 2026-03-02T10:00:00Z")).toEqual({ at: 0, text: "hello 2026-03-02T10:00:00Z" });
});

test("what is JSON is unfolded, whatever stands before it", () => {
  expect(expanded('{"a":1}')).toBe('{\n  "a": 1\n}');
  expect(expanded('I0302 x] {"a":[1]}')).toBe('I0302 x]\n{\n  "a": [\n    1\n  ]\n}');
  expect([expanded("{a}"), expanded("none"), expanded("[1")]).toEqual([undefined, undefined, undefined]);
});

test("what was looked for is marked, and the line stays what it is", () => {
  expect(marked("one two one", "ONE")).toEqual([{ text: "one", isFound: true }, { text: " two ", isFound: false }, { text: "one", isFound: true }]);
  expect(marked("a1b22", "/\\d+/").filter(({ isFound }) => isFound).map(({ text }) => text)).toEqual(["1", "22"]);
  expect(marked("abc", "!b")).toEqual([{ text: "abc", isFound: false }]);
  expect(marked("abc", "/(/")).toEqual([{ text: "abc", isFound: false }]);
  fc.assert(fc.property(fc.string(), fc.string(), (text, filter) => {
    expect(marked(text, filter).map((part) => part.text).join("")).toBe(text);
  }));
});
