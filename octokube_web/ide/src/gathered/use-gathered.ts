/** Gathers the objects of some types into one live collection, for pages that draw many kinds together. */
import { useEffect, useMemo, useState } from "react";
import type { ViewStatus } from "../feed/messages";
import type { Viewed } from "../state/viewed";
import { Store } from "../store";
import { literal } from "../ui/format";
import { useSession } from "../ui/context";

/** More than this is not read for a drawing: nobody would see anything in it. */
export const GATHERED_AT_MOST = 20_000;

export interface Gathered<T> {
  readonly items: ReadonlyMap<string, T>;
  /** One for each type, in their order; missing until it is opened. */
  readonly statuses: readonly (ViewStatus | undefined)[];
  /** How many there would be, when that is too many to read. */
  readonly tooMany: number;
}

/** `read` keeps what is needed of an object; it is to be the same function each time. All is forgotten when the page closes. */
export function useGathered<T>(cluster: string, types: readonly string[], namespace: string, read: (object: Viewed) => T): Store<Gathered<T>> {
  const { feed, epoch } = useSession();
  const key = JSON.stringify([cluster, types, namespace]);
  const [tooMany, setTooMany] = useState({ key: "", count: 0 });
  const store = useMemo(() => new Store<Gathered<T>>({ items: new Map(), statuses: [], tooMany: 0 }), [key, epoch]);
  const isTooMany = tooMany.key === key;
  useEffect(() => {
    if (epoch === 0 || isTooMany) return;
    const items = new Map<string, T>();
    const statuses: (ViewStatus | undefined)[] = types.map(() => undefined);
    let frame = 0;
    const tell = () => {
      frame ||= requestAnimationFrame(() => {
        frame = 0;
        store.set({ items: new Map(items), statuses: [...statuses], tooMany: 0 });
      });
    };
    const closers = types.map((type, index) =>
      feed.open(
        { cluster, type, namespaces: [namespace ? literal(namespace) : "**"], names: [], detail: "objects" },
        {
          status: (status) => {
            statuses[index] = status;
            const expected = statuses.reduce((sum, one) => sum + (one?.expected ?? 0), 0);
            if (Math.max(expected, items.size) > GATHERED_AT_MOST) setTooMany({ key, count: Math.max(expected, items.size) });
            tell();
          },
          batch: ({ arrived, left }) => {
            for (const { id } of left) items.delete(id);
            for (const object of arrived) items.set(object.id, read(object));
            tell();
          },
        },
      ),
    );
    return () => {
      for (const close of closers) close();
      cancelAnimationFrame(frame);
      items.clear();
      store.set({ items: new Map(), statuses: [], tooMany: 0 });
    };
  }, [feed, epoch, key, store, isTooMany, read]);
  useEffect(() => {
    if (isTooMany) store.set({ items: new Map(), statuses: [], tooMany: tooMany.count });
  }, [isTooMany, store, tooMany.count]);
  return store;
}
