/** What the object page's parts act on. */
export interface Target {
  readonly cluster: string;
  readonly type: string;
  readonly namespace: string;
  readonly name: string;
  /** Of the object that is looked at: what is done is done to it, and not to another of its name. */
  readonly uid: string;
  readonly resourceVersion: string;
  /** Projected JSON; empty when it is not known. */
  readonly body: string;
}

/** Of a row, whose object's content is not known. */
export function targetOf(row: Omit<Target, "body">): Target {
  const { cluster, type, namespace, name, uid, resourceVersion } = row;
  return { cluster, type, namespace, name, uid, resourceVersion, body: "" };
}

export function operationTarget(target: Target, bound: "name" | "uid" | "version" = "uid") {
  const { cluster, type, namespace, name, uid, resourceVersion } = target;
  return {
    cluster,
    key: { type, namespace, name, uid: bound === "name" ? "" : uid },
    resourceVersion: bound === "version" ? resourceVersion : "",
  };
}

export interface ContainerInfo {
  readonly name: string;
  readonly kind: "container" | "init" | "ephemeral";
}

/** The containers of a pod, or of a workload's template; in the order in which people look for them. */
export function containersOf(body: string): ContainerInfo[] {
  if (!body) return [];
  const object = JSON.parse(body) as { spec?: PodSpec & { template?: { spec?: PodSpec }; jobTemplate?: { spec?: { template?: { spec?: PodSpec } } } } };
  const spec = object.spec?.jobTemplate?.spec?.template?.spec ?? object.spec?.template?.spec ?? object.spec;
  const named = (list: readonly { name?: string }[] | undefined, kind: ContainerInfo["kind"]) =>
    (list ?? []).flatMap((one) => (one.name ? [{ name: one.name, kind }] : []));
  return [...named(spec?.containers, "container"), ...named(spec?.initContainers, "init"), ...named(spec?.ephemeralContainers, "ephemeral")];
}

interface PodSpec {
  readonly containers?: readonly { name?: string }[];
  readonly initContainers?: readonly { name?: string }[];
  readonly ephemeralContainers?: readonly { name?: string }[];
}

const WORKLOADS = ["deployments.apps", "replicasets.apps", "statefulsets.apps", "daemonsets.apps", "jobs.batch", "cronjobs.batch", "replicationcontrollers"];

export const hasLogs = (type: string) => type === "pods" || WORKLOADS.includes(type);
export const hasTerminal = (type: string) => type === "pods";
