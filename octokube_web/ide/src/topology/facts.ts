/** What a drawing needs to know of an object. */
import type { Viewed } from "../state/viewed";

export interface Owner {
  readonly kind: string;
  readonly group: string;
  readonly name: string;
  readonly uid: string;
}

export interface Facts {
  readonly id: string;
  readonly type: string;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly owners: readonly Owner[];
  /** What its pods are chosen by; undefined: it chooses none. An empty one chooses all pods of the namespace. */
  readonly selector: Selector | undefined;
  /** Of an ingress: services by name. Of an endpoint slice: the service and the pods that it names. */
  readonly services: readonly string[];
  readonly pods: readonly string[];
  readonly cells: Viewed["cells"];
}

export interface Selector {
  readonly labels: Readonly<Record<string, string>>;
  readonly expressions: readonly { readonly key: string; readonly operator: string; readonly values: readonly string[] }[];
}

interface Body {
  readonly metadata?: {
    readonly labels?: Record<string, string>;
    readonly ownerReferences?: readonly { apiVersion?: string; kind?: string; name?: string; uid?: string }[];
  };
  readonly spec?: {
    readonly selector?: unknown;
    readonly podSelector?: unknown;
    readonly defaultBackend?: Backend;
    readonly rules?: readonly { readonly http?: { readonly paths?: readonly { readonly backend?: Backend }[] } }[];
  };
  readonly endpoints?: readonly { readonly targetRef?: { readonly kind?: string; readonly name?: string } }[];
}

interface Backend {
  readonly service?: { readonly name?: string };
}

export function factsOf({ id, type, namespace, name, uid, cells, body }: Viewed): Facts {
  const object = JSON.parse(body || "{}") as Body;
  const labels = object.metadata?.labels ?? {};
  const backends = [object.spec?.defaultBackend, ...(object.spec?.rules ?? []).flatMap((rule) => (rule.http?.paths ?? []).map((path) => path.backend))];
  const slice = type === "endpointslices.discovery.k8s.io" ? labels["kubernetes.io/service-name"] : undefined;
  return {
    id, type, namespace, name, uid, cells, labels,
    owners: (object.metadata?.ownerReferences ?? []).map((one) => ({
      kind: one.kind ?? "", group: one.apiVersion?.includes("/") ? (one.apiVersion.split("/")[0] ?? "") : "", name: one.name ?? "", uid: one.uid ?? "",
    })),
    selector: selectorOf(type, object),
    services: type === "ingresses.networking.k8s.io" ? backends.flatMap((one) => one?.service?.name ?? []) : slice ? [slice] : [],
    pods: (object.endpoints ?? []).flatMap(({ targetRef }) => (targetRef?.kind === "Pod" && targetRef.name ? [targetRef.name] : [])),
  };
}

function selectorOf(type: string, object: Body): Selector | undefined {
  const asked = type === "networkpolicies.networking.k8s.io" ? (object.spec?.podSelector ?? {}) : object.spec?.selector;
  if (typeof asked !== "object" || asked === null) return undefined;
  if (type === "services" || type === "replicationcontrollers") {
    const labels = asked as Record<string, string>;
    // A service without a selector chooses nothing: somebody else tells its endpoints.
    return Object.keys(labels).length > 0 ? { labels, expressions: [] } : undefined;
  }
  const { matchLabels, matchExpressions } = asked as { matchLabels?: Record<string, string>; matchExpressions?: Selector["expressions"] };
  return { labels: matchLabels ?? {}, expressions: (matchExpressions ?? []).map(({ key, operator, values }) => ({ key, operator, values: values ?? [] })) };
}

export function isSelected({ labels: wanted, expressions }: Selector, labels: Readonly<Record<string, string>>): boolean {
  return (
    Object.entries(wanted).every(([key, value]) => labels[key] === value) &&
    expressions.every(({ key, operator, values }) => {
      const held = labels[key];
      switch (operator) {
        case "In": return held !== undefined && values.includes(held);
        case "NotIn": return held === undefined || !values.includes(held);
        case "Exists": return held !== undefined;
        case "DoesNotExist": return held === undefined;
        default: return false;
      }
    })
  );
}
