import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { Numbers } from "../src/feed/numbers";
import { ChannelGrantSchema } from "../src/gen/octokube/v1/browser_pb";

const grant = (first: number, count: number) => create(ChannelGrantSchema, { first, count });

test("each granted number is used once, grant after grant, and those of a former socket never", () => {
  const numbers = new Numbers();
  numbers.restart(grant(100, 2));
  numbers.add(grant(7, 2));
  expect([numbers.next(), numbers.next(), numbers.next()]).toEqual([100, 101, 7]);
  numbers.restart(grant(50, 1));
  expect(numbers.next()).toBe(50);
  expect(() => numbers.next()).toThrow("no more channels");
});
