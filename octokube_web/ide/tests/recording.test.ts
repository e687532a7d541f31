/** A recorded session is read as it was written, however it ended. */
import { expect, test } from "vitest";
import { BadRecording, readRecording, withoutPauses } from "../src/pages/recording";

const CAST = ['{"version": 2, "width": 100, "height": 30}', '[0.5, "o", "$ ls\\r\\n"]', '[1.0, "r", "120x40"]', '[61.0, "o", "a b\\r\\n"]', '[61.5, "m", "marker"]'];

test("output and sizes are told with their times, and what is not known is left out", () => {
  const { columns, rows, events, seconds } = readRecording(CAST.join("\n") + "\n");
  expect([columns, rows, seconds]).toEqual([100, 30, 61]);
  expect(events).toEqual([
    { at: 0.5, is: "output", text: "$ ls\r\n" },
    { at: 1, is: "resize", text: "120x40" },
    { at: 61, is: "output", text: "a b\r\n" },
  ]);
});

test("a recording whose last line was cut off is good up to there", () => {
  expect(readRecording(`${CAST[0]}\n${CAST[1]}\n[61.0, "o", "a`).events).toHaveLength(1);
});

test("what is no recording is refused", () => {
  for (const text of ["", "{}", "[]", "nonsense", '{"version": 3}']) expect(() => readRecording(text)).toThrow(BadRecording);
});

test("a size that no screen has is not taken", () => {
  expect(readRecording('{"version": 2, "width": 1e9, "height": -1}')).toMatchObject({ columns: 80, rows: 24, seconds: 0 });
});

test("long pauses are shortened, and nothing else", () => {
  expect(withoutPauses(readRecording(CAST.join("\n"))).events.map(({ at }) => at)).toEqual([0.5, 1, 3]);
});
