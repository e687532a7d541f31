/** One object as the person may see it, in a form that crosses from the worker to the page. */
import type { Entry } from "../gen/octokube/v1/frame_pb";

/** The stream broke its own promise: what it sends can't be applied. The remedy is a new stream. */
export class FeedFault extends Error {}

/** Undefined: unknown, or does not apply. Instants are seconds since 1970. */
export type CellValue = string | number | boolean | undefined;

export interface Viewed {
  /** The whole key as one text: unique among everything a cluster ever had. */
  readonly id: string;
  readonly type: string;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly cells: readonly CellValue[];
  /** Projected JSON; empty in a view of rows. */
  readonly body: string;
}

const decoder = new TextDecoder();

/** No part of a key can hold a line feed, so the joined text is as good as the tuple. */
export function idOf(key: { type: string; namespace: string; name: string; uid: string }): string {
  return `${key.type}\n${key.namespace}\n${key.name}\n${key.uid}`;
}

export function viewedOf(entry: Entry): Viewed {
  const key = entry.key;
  if (!key?.name) throw new FeedFault("an entry came without its key");
  const cells = (entry.row?.cells ?? []).map((cell): CellValue => {
    switch (cell.value.case) {
      case "text":
      case "flag":
        return cell.value.value;
      case "number":
      case "unixSeconds":
        return Number(cell.value.value);
      default:
        return undefined;
    }
  });
  return {
    id: idOf(key),
    type: key.type,
    namespace: key.namespace,
    name: key.name,
    uid: key.uid,
    resourceVersion: entry.resourceVersion,
    cells,
    body: entry.body.length > 0 ? decoder.decode(entry.body) : "",
  };
}

export function isSame(a: Viewed, b: Viewed): boolean {
  return (
    a.resourceVersion === b.resourceVersion &&
    a.body === b.body &&
    a.cells.length === b.cells.length &&
    a.cells.every((cell, index) => cell === b.cells[index])
  );
}
