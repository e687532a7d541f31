/** What the page and its worker say to each other. */
import type { Viewed } from "../state/viewed";
import type { Row } from "../table/row-store";
import type { Look, Mark, TablePage } from "../table/table-view";

export type Detail = "rows" | "objects";

/** What one view shows. Each text is a glob, as in Subscription. */
export interface ViewSpec {
  readonly cluster: string;
  readonly type: string;
  readonly namespaces: readonly string[];
  readonly names: readonly string[];
  /** A label selector; none: whatever the labels. */
  readonly labels?: string;
  readonly detail: Detail;
}

export type Order =
  /**
   * Connects as the person who is signed in; several tabs share what is open already. `isNew`: they have signed in just now,
   * which ended what this browser was signed in as before.
   */
  | { readonly do: "start"; readonly url: string; readonly subject: string; readonly isNew?: boolean }
  /** Signs every tab out and forgets everything. */
  | { readonly do: "stop" }
  /** Forgets what this tab has open. */
  | { readonly do: "leave" }
  /** This tab holds a lock of that name for as long as it lives. */
  | { readonly do: "live"; readonly lock: string }
  | { readonly do: "wake" }
  | { readonly do: "open"; readonly view: number; readonly spec: ViewSpec }
  | { readonly do: "table"; readonly view: number; readonly spec: ViewSpec; readonly look: Look }
  /** Counts what there is by cluster, namespace and type. */
  | { readonly do: "count"; readonly view: number; readonly spec: ViewSpec }
  /** Looks at another part of a table, or at all of it differently. */
  | { readonly do: "look"; readonly view: number; readonly look: Look }
  | { readonly do: "mark"; readonly view: number; readonly mark: Mark }
  /** Asks for all rows that a table shows, or that are marked in it, in order. */
  | { readonly do: "ask"; readonly view: number; readonly ask: number; readonly of: "shown" | "marked" }
  | { readonly do: "close"; readonly view: number }
  /** The page has taken the last batch of a view and is ready for another. */
  | { readonly do: "taken"; readonly view: number }
  /** `start` is an encoded OperationStart, `input` an encoded OperationInput. */
  | { readonly do: "run"; readonly run: number; readonly start: Uint8Array }
  | { readonly do: "feed"; readonly run: number; readonly input: Uint8Array }
  | { readonly do: "credit"; readonly run: number; readonly bytes: number }
  | { readonly do: "end"; readonly run: number };

/** What an operation says, in order. After `result` and `lost` nothing follows. */
export type RunEvent =
  | { readonly is: "lease"; readonly until: number; readonly reason: string; readonly isRecorded: boolean }
  | { readonly is: "credit"; readonly bytes: number }
  | {
      readonly is: "bytes";
      readonly stream: "stdout" | "stderr";
      readonly bytes: Uint8Array;
      /** Of a log: the pod and container that wrote it. */
      readonly from: { readonly pod: string; readonly container: string } | undefined;
    }
  | { readonly is: "progress"; readonly sentence: string; readonly about: string }
  | {
      readonly is: "document";
      /** A DocumentRole. */
      readonly role: number;
      readonly type: string;
      readonly namespace: string;
      readonly name: string;
      readonly content: Uint8Array;
      readonly isLast: boolean;
      readonly hiddenChanges: readonly string[];
    }
  | {
      readonly is: "result";
      /** An OperationOutcome. */
      readonly outcome: number;
      readonly message: string;
      readonly exitCode: number | undefined;
      readonly conflicts: readonly { readonly manager: string; readonly field: string }[];
      readonly escalations: readonly string[];
      readonly resourceVersion: string;
      readonly decisionId: string;
    }
  | { readonly is: "lost"; readonly code: string; readonly reason: string };

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
  readonly policyRevision: string;
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

/** How many objects of a type there are in a namespace, "" for those that lie in none. */
export interface Count {
  readonly cluster: string;
  readonly namespace: string;
  readonly type: string;
  readonly count: number;
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
  | { readonly tell: "batch"; readonly view: number; readonly batch: Batch }
  | { readonly tell: "table"; readonly view: number; readonly page: TablePage }
  /** Those that differ from what was told before. */
  | { readonly tell: "counts"; readonly view: number; readonly counts: readonly Count[] }
  | { readonly tell: "answer"; readonly ask: number; readonly rows: readonly Row[] }
  | { readonly tell: "run"; readonly run: number; readonly event: RunEvent };
