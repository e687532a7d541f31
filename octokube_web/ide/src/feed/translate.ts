/** Turns the contract's messages into the plain values that the page shows. */
import type { Timestamp } from "@bufbuild/protobuf/wkt";
import type { WatchCatalogResponse } from "../gen/octokube/v1/cluster_service_pb";
import {
  ClusterCondition,
  ColumnKind as PbColumnKind,
  TypeCondition as PbTypeCondition,
  type ClusterState,
  type ResourceType,
} from "../gen/octokube/v1/resource_pb";
import type { Catalog, ClusterHealth, ColumnKind, TypeCondition, TypeInfo } from "./messages";

export function millisecondsOf(time: Timestamp | undefined): number {
  return time ? Number(time.seconds) * 1000 + time.nanos / 1e6 : 0;
}

const COLUMN_KINDS: Record<PbColumnKind, ColumnKind> = {
  [PbColumnKind.UNSPECIFIED]: "text",
  [PbColumnKind.TEXT]: "text",
  [PbColumnKind.NUMBER]: "number",
  [PbColumnKind.TIME]: "time",
  [PbColumnKind.STATUS]: "status",
  [PbColumnKind.BOOLEAN]: "boolean",
};

const TYPE_CONDITIONS: Record<PbTypeCondition, TypeCondition> = {
  [PbTypeCondition.UNSPECIFIED]: "loading",
  [PbTypeCondition.LOADING]: "loading",
  [PbTypeCondition.SYNCED]: "synced",
  [PbTypeCondition.FORBIDDEN]: "forbidden",
  [PbTypeCondition.FAILING]: "failing",
};

export function healthOf(state: ClusterState | undefined): ClusterHealth {
  const condition =
    state?.condition === ClusterCondition.LIVE
      ? "live"
      : state?.condition === ClusterCondition.STALE
        ? "stale"
        : "offline";
  return { condition, since: millisecondsOf(state?.since), reason: state?.reason ?? "" };
}

function typeOf(type: ResourceType): TypeInfo {
  return {
    type: type.type,
    group: type.group,
    kind: type.kind,
    namespaced: type.namespaced,
    shortNames: type.shortNames,
    columns: type.columns.map((column) => ({
      name: column.name,
      kind: COLUMN_KINDS[column.kind] ?? "text",
      priority: column.priority,
      description: column.description,
    })),
    condition: TYPE_CONDITIONS[type.condition] ?? "loading",
    reason: type.reason,
  };
}

export function catalogOf(response: WatchCatalogResponse, now: number): Catalog {
  return {
    clusters: response.clusters.map((cluster) => ({
      name: cluster.name,
      health: healthOf(cluster.state),
      types: cluster.types.map(typeOf),
      namespaces: cluster.namespaces,
    })),
    clockOffset: response.serverTime ? millisecondsOf(response.serverTime) - now : 0,
    nextEdge: millisecondsOf(response.nextEdge),
    policyRevision: response.policyRevision,
  };
}
