/** Tells up to which instant ages are counted. */
import { useEffect, useMemo } from "react";
import type { ClusterInfo, ViewStatus } from "../feed/messages";
import { Store } from "../store";
import { clock } from "./clock";
import { useSession } from "./context";
import { freshnessOf } from "./freshness";

/** The instant that ages are counted to. It stands still while what is shown may be out of date. */
export function useAges(status: Store<ViewStatus>, cluster: ClusterInfo | undefined): Store<number> {
  const { feed } = useSession();
  const now = useMemo(() => new Store(Date.now() + (feed.catalog.get()?.clockOffset ?? 0)), [feed]);
  useEffect(() => {
    const tick = () => {
      const at = Date.now();
      const { isStale } = freshnessOf(feed.link.get(), status.get(), cluster, at);
      if (!isStale) now.set(at + (feed.catalog.get()?.clockOffset ?? 0));
    };
    tick();
    return clock.subscribe(tick);
  }, [feed, status, cluster, now]);
  return now;
}
