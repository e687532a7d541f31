/** The objects of the types that are open in the explorer: one stream each, for as long as they are open. */
import { useEffect, useMemo, useReducer, useRef } from "react";
import type { FeedClient } from "../feed/client";
import type { ViewSpec } from "../feed/messages";
import { RemoteTable } from "../table/remote-table";
import { useSession } from "../ui/context";
import type { Listed } from "./tree";

/** More than this are looked at in the table, where they can be searched. */
const LISTED = 100;

interface Listing {
  readonly table: RemoteTable;
  close(): void;
}

function openListing(feed: FeedClient, spec: ViewSpec, changed: () => void): Listing {
  const table = new RemoteTable(() => undefined);
  const stop = table.subscribeOutline(changed);
  const open = feed.table(spec, { ...table.look, count: LISTED }, { status: () => undefined, page: (page) => table.take(page) });
  return {
    table,
    close: () => {
      open.close();
      table.clear();
      stop();
    },
  };
}

/** `wanted`: what is to be listed, by the id of its node. */
export function useListings(wanted: ReadonlyMap<string, ViewSpec>): ReadonlyMap<string, Listed> {
  const { feed, epoch } = useSession();
  const listings = useRef(new Map<string, Listing>());
  const [version, changed] = useReducer((last: number) => last + 1, 0);
  const key = JSON.stringify([...wanted]);
  useEffect(() => {
    const held = listings.current;
    for (const [id, listing] of held) {
      if (wanted.has(id)) continue;
      listing.close();
      held.delete(id);
    }
    for (const [id, spec] of wanted) if (!held.has(id)) held.set(id, openListing(feed, spec, changed));
    changed();
  }, [feed, key]);
  useEffect(
    () => () => {
      for (const listing of listings.current.values()) listing.close();
      listings.current.clear();
    },
    [feed, epoch],
  );
  return useMemo(
    () =>
      new Map(
        [...listings.current].map(([id, { table }]) => {
          const { ids, total } = table.getOutline();
          return [id, { total, objects: ids.flatMap((row) => table.getRow(row) ?? []).map(({ namespace, name }) => ({ namespace, name })) }] as const;
        }),
      ),
    [version],
  );
}
