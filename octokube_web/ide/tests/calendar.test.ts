/** Days are the reader's, also when one has 23 or 25 hours. */
import { expect, test } from "vitest";
import { daysFrom, partsOf } from "../src/pages/calendar";

const HOUR = 3_600_000;

test("days begin at midnight and follow each other without a gap", () => {
  const now = new Date(2026, 2, 27, 15, 30).getTime();
  const days = daysFrom(now, 7);
  expect(days).toHaveLength(7);
  expect(days[0]!.begins).toBe(new Date(2026, 2, 27).getTime());
  for (const [index, day] of days.entries()) {
    expect(new Date(day.begins).getHours()).toBe(0);
    if (index > 0) expect(day.begins).toBe(days[index - 1]!.ends);
    expect([23 * HOUR, 24 * HOUR, 25 * HOUR]).toContain(day.ends - day.begins);
  }
});

test("a span is cut at midnight and lies in each of its days", () => {
  const [first, second, third] = daysFrom(new Date(2026, 0, 5, 12).getTime(), 3);
  const span = { since: first!.begins + 18 * HOUR, until: second!.begins + 6 * HOUR };
  expect(partsOf(first!, [span])).toMatchObject([{ from: 0.75, length: 0.25 }]);
  expect(partsOf(second!, [span])).toMatchObject([{ from: 0, length: 0.25 }]);
  expect(partsOf(third!, [span])).toEqual([]);
});
