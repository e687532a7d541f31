/** Follows what pods or nodes use, while something shows it. */
import { useEffect, useMemo, useState } from "react";
import type { ClusterInfo, ViewStatus } from "../feed/messages";
import { useSession } from "../ui/context";
import { literal } from "../ui/format";
import { UsageHistory } from "./history";

/** A table of more is followed without: that would be as many rows again. */
export const FOLLOWED_AT_MOST = 2_000;

/** The type that tells what objects of a type use, where the cluster measures it and the person may see it. */
export function usageTypeOf(cluster: ClusterInfo | undefined, type: string): string | undefined {
  if (type !== "pods" && type !== "nodes") return undefined;
  const name = `${type}.metrics.k8s.io`;
  return cluster?.types.some((one) => one.type === name) ? name : undefined;
}

/** `name`: one only; empty: all. Undefined where there is nothing to follow. */
export function useUsage(cluster: ClusterInfo | undefined, type: string, namespace: string, name: string, isWanted = true): UsageHistory | undefined {
  const { feed, epoch } = useSession();
  const usageType = usageTypeOf(cluster, type);
  const clusterName = cluster?.name ?? "";
  const [hasFailed, setFailed] = useState(false);
  const isOpen = usageType !== undefined && isWanted && epoch > 0;
  const history = useMemo(() => (isOpen ? new UsageHistory() : undefined), [isOpen, usageType, clusterName, namespace, name, epoch]);
  useEffect(() => {
    if (!history || !usageType) return;
    const namespaces = [type === "nodes" ? "cluster" : namespace ? literal(namespace) : "**"];
    const close = feed.open(
      { cluster: clusterName, type: usageType, namespaces, names: name ? [literal(name)] : [], detail: "objects" },
      { status: (status: ViewStatus) => setFailed(status.phase === "failed"), batch: (batch) => history.take(batch) },
    );
    return () => {
      close();
      history.forget();
    };
  }, [feed, history, usageType, clusterName, namespace, name, type]);
  return hasFailed ? undefined : history;
}
