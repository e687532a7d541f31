/** What the page and its worker say to each other. */
import type { Viewed } from "../state/viewed";

export type Detail = "rows" | "objects";

/** What one view shows. Lists are globs, as in Subscription. */
export interface ViewSpec {
  readonly cluster: string;
  readonly type: string;
  readonly namespaces: readonly string[];
  readonly names: readonly string[];
  readonly detail: Detail;
}

export type Order =
  | { readonly do: "start"; readonly url: string }
  | { readonly do: "stop" }
  | { readonly do: "wake" }
  | { readonly do: "open"; readonly view: number; readonly spec: ViewSpec }
  | { readonly do: "close"; readonly view: number }
  /** The page has taken the last batch of a view and is ready for another. */
  | { readonly do: "taken"; readonly view: number };

export type LinkState =
  | { readonly is: "idle" }
  | { readonly is: "connecting"; readonly attempt: number }
  | { readonly is: "up" }
  /** `at` is when the next try begins, in the worker's Date.now(). */
  | { readonly is: "waiting"; readonly attempt: number; readonly at: number; readonly reason: string }
  | { readonly is: "signed-out"; readonly reason: string };

export type ColumnKind = "text" | "number" | "time" | "status" | "boolean";

export interface ColumnInfo {
  readonly name: string;
  readonly kind: ColumnKind;
  readonly priority: number;
  readonly description: string;
}

export type TypeCondition = "loading" | "synced" | "forbidden" | "failing";

export interface TypeInfo {
  readonly type: string;
  readonly group: string;
  readonly kind: string;
  readonly namespaced: boolean;
  readonly shortNames: readonly string[];
  readonly columns: readonly ColumnInfo[];
  readonly condition: TypeCondition;
  readonly reason: string;
}

export interface ClusterHealth {
  readonly condition: "live" | "stale" | "offline";
  /** Milliseconds since 1970; 0 when unknown. */
  readonly since: number;
  readonly reason: string;
}

export interface ClusterInfo {
  readonly name: string;
  readonly health: ClusterHealth;
  readonly types: readonly TypeInfo[];
  readonly namespaces: readonly string[];
}

export interface Catalog {
  readonly clusters: readonly ClusterInfo[];
  /** Hub's clock minus ours, in milliseconds. */
  readonly clockOffset: number;
  /** When access may change by the clock alone, by the hub's clock; 0 when never. */
  readonly nextEdge: number;
}

export interface ViewStatus {
  readonly phase: "opening" | "loading" | "live" | "failed";
  /** Entries of the open snapshot so far, and how many were announced. */
  readonly gathered: number;
  readonly expected: number;
  /** When the copy was known to be current, by the hub's clock; 0 when unknown. */
  readonly asOf: number;
  /** When the last frame came, by our Date.now(); 0 before the first. */
  readonly heardAt: number;
  readonly health: ClusterHealth | undefined;
  readonly notices: readonly { readonly code: string; readonly message: string }[];
  /** Why the view failed. */
  readonly error: { readonly code: string; readonly message: string } | undefined;
}

export interface Batch {
  readonly arrived: readonly Viewed[];
  readonly left: readonly { readonly id: string; readonly reason: "deleted" | "withdrawn" }[];
}

export interface Hello {
  readonly gatewayVersion: string;
  readonly subject: string;
  readonly memberships: readonly string[];
}

export type Report =
  | { readonly tell: "link"; readonly link: LinkState }
  | { readonly tell: "hello"; readonly hello: Hello }
  | { readonly tell: "catalog"; readonly catalog: Catalog }
  | { readonly tell: "status"; readonly view: number; readonly status: ViewStatus }
  | { readonly tell: "batch"; readonly view: number; readonly batch: Batch };
