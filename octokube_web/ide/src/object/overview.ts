/** What is worth knowing of an object at a glance, by its kind: plain values that the page draws. */

export interface Fact {
  readonly term: string;
  readonly value: string;
  /** A link to another object of the same cluster. */
  readonly link?: { readonly type: string; readonly namespace: string; readonly name: string };
}

export type Tone = "good" | "busy" | "bad" | "calm";

/** One cell; a tone puts a dot before it. An instant is drawn as an age. */
export interface OverviewCell {
  readonly text: string;
  readonly tone?: Tone;
  readonly since?: number;
}

export type Section =
  | { readonly is: "facts"; readonly title: string; readonly facts: readonly Fact[] }
  | { readonly is: "words"; readonly title: string; readonly words: readonly string[] }
  | { readonly is: "table"; readonly title: string; readonly columns: readonly string[]; readonly rows: readonly (readonly OverviewCell[])[] };

type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
type Members = { readonly [key: string]: Json };

const NONE: Members = {};

function isMembers(value: Json | undefined): value is Members {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The value at a path, where everything on the way is there. */
function at(value: Json | undefined, ...path: readonly string[]): Json | undefined {
  let now = value;
  for (const step of path) now = isMembers(now) ? now[step] : undefined;
  return now;
}

function members(value: Json | undefined, ...path: readonly string[]): Members {
  const found = at(value, ...path);
  return isMembers(found) ? found : NONE;
}

function list(value: Json | undefined, ...path: readonly string[]): readonly Json[] {
  const found = at(value, ...path);
  return Array.isArray(found) ? found : [];
}

function text(value: Json | undefined, ...path: readonly string[]): string {
  const found = at(value, ...path);
  return found === undefined || found === null || typeof found === "object" ? "" : String(found);
}

function pairs(value: Members): string[] {
  return Object.entries(value).map(([key, one]) => (one === "" ? key : `${key}=${typeof one === "object" ? JSON.stringify(one) : String(one)}`));
}

function facts(title: string, told: readonly (Fact | readonly [string, string])[]): Section[] {
  const all = told.map((one): Fact => ("term" in one ? one : { term: one[0], value: one[1] })).filter(({ value }) => value !== "");
  return all.length > 0 ? [{ is: "facts", title, facts: all }] : [];
}

function words(title: string, all: readonly string[]): Section[] {
  return all.length > 0 ? [{ is: "words", title, words: all }] : [];
}

function table(title: string, columns: readonly string[], rows: readonly (readonly (string | OverviewCell)[])[]): Section[] {
  if (rows.length === 0) return [];
  return [{ is: "table", title, columns, rows: rows.map((row) => row.map((cell) => (typeof cell === "string" ? { text: cell } : cell))) }];
}

function since(value: string): OverviewCell {
  const instant = Date.parse(value);
  return Number.isNaN(instant) ? { text: value } : { text: value, since: instant / 1000 };
}

/** The sections of an object, its kind's own first. `body` is projected JSON. */
export function overviewOf(type: string, body: string): readonly Section[] {
  const object = JSON.parse(body) as Members;
  const ofKind = KINDS[type];
  return [...(ofKind ? ofKind(object) : generic(object)), ...conditions(object), ...general(object)];
}

const KINDS: Record<string, (object: Members) => Section[]> = {
  pods: pod,
  "deployments.apps": workload,
  "statefulsets.apps": workload,
  "replicasets.apps": workload,
  "daemonsets.apps": daemonSet,
  replicationcontrollers: workload,
  "jobs.batch": job,
  "cronjobs.batch": cronJob,
  services: service,
  "ingresses.networking.k8s.io": ingress,
  nodes: node,
  configmaps: (object) => keys("Keys", { ...members(object, "data"), ...members(object, "binaryData") }),
  secrets: (object) => [...facts("Secret", [["Type", text(object, "type")]]), ...keys("Keys", { ...members(object, "data"), ...members(object, "stringData") })],
  persistentvolumeclaims: claim,
  persistentvolumes: volume,
  namespaces: (object) => facts("Namespace", [["Phase", text(object, "status", "phase")]]),
  "horizontalpodautoscalers.autoscaling": autoscaler,
};

/** Where a thing is and what happens to it, of any kind. */
function general(object: Members): Section[] {
  const metadata = members(object, "metadata");
  const owners = list(metadata, "ownerReferences").map((owner) => `${text(owner, "kind")} ${text(owner, "name")}`);
  return [
    ...words("Labels", pairs(members(metadata, "labels"))),
    ...words("Annotations", pairs(members(metadata, "annotations"))),
    ...facts("Object", [
      ["Created", text(metadata, "creationTimestamp")],
      ["Being deleted since", text(metadata, "deletionTimestamp")],
      ["Waits for", list(metadata, "finalizers").map(String).join(", ")],
      ["Owned by", owners.join(", ")],
      ["Generation", text(metadata, "generation")],
      ["UID", text(metadata, "uid")],
    ]),
  ];
}

/** Of a kind that is not known: the plain members of its spec and status. */
function generic(object: Members): Section[] {
  const plain = (part: string) =>
    Object.entries(members(object, part)).flatMap(([key, value]): [string, string][] =>
      value !== null && typeof value !== "object" ? [[key, String(value)]] : Array.isArray(value) && value.every((one) => typeof one !== "object") ? [[key, value.join(", ")]] : [],
    );
  return [...facts("Spec", plain("spec")), ...facts("Status", plain("status"))];
}

/** Conditions that are bad news when they are true. */
const ADVERSE = /Pressure$|Unavailable$|Failed$|Failure$|Degraded$|Stalled$/;

function conditions(object: Members): Section[] {
  return table(
    "Conditions",
    ["Condition", "Status", "Reason", "Message", "Since"],
    list(object, "status", "conditions").map((condition) => {
      const [kind, status] = [text(condition, "type"), text(condition, "status")];
      const isGood = (status === "True") !== ADVERSE.test(kind);
      const tone: Tone = status === "Unknown" ? "busy" : isGood ? "good" : "bad";
      return [kind, { text: status, tone }, text(condition, "reason"), text(condition, "message"), since(text(condition, "lastTransitionTime"))];
    }),
  );
}

function pod(object: Members): Section[] {
  const spec = members(object, "spec");
  const status = members(object, "status");
  const namespace = text(object, "metadata", "namespace");
  const nodeName = text(spec, "nodeName");
  const account = text(spec, "serviceAccountName");
  return [
    ...facts("Pod", [
      ["Phase", text(status, "phase")],
      ["Reason", text(status, "reason")],
      ["Message", text(status, "message")],
      nodeName ? { term: "Node", value: nodeName, link: { type: "nodes", namespace: "", name: nodeName } } : ["Node", ""],
      ["IP", text(status, "podIP")],
      ["Quality of service", text(status, "qosClass")],
      account ? { term: "Service account", value: account, link: { type: "serviceaccounts", namespace, name: account } } : ["Service account", ""],
      ["Restart policy", text(spec, "restartPolicy")],
      ["Priority class", text(spec, "priorityClassName")],
    ]),
    ...containers("Containers", list(spec, "containers"), list(status, "containerStatuses")),
    ...containers("Init containers", list(spec, "initContainers"), list(status, "initContainerStatuses")),
    ...containers("Ephemeral containers", list(spec, "ephemeralContainers"), list(status, "ephemeralContainerStatuses")),
    ...table(
      "Volumes",
      ["Volume", "Of", "Name"],
      list(spec, "volumes").map((one) => {
        const kind = Object.keys(isMembers(one) ? one : NONE).find((key) => key !== "name") ?? "";
        const source = members(one, kind);
        return [text(one, "name"), kind, text(source, "claimName") || text(source, "secretName") || text(source, "name") || text(source, "path")];
      }),
    ),
  ];
}

function containers(title: string, specs: readonly Json[], statuses: readonly Json[]): Section[] {
  return table(
    title,
    ["Container", "State", "Restarts", "Image", "Requests", "Limits", "Ports"],
    specs.map((one) => {
      const status = statuses.find((other) => text(other, "name") === text(one, "name"));
      return [
        text(one, "name"),
        stateOf(status),
        text(status, "restartCount"),
        text(one, "image"),
        pairs(members(one, "resources", "requests")).join(", "),
        pairs(members(one, "resources", "limits")).join(", "),
        list(one, "ports").map((port) => text(port, "containerPort")).join(", "),
      ];
    }),
  );
}

function stateOf(status: Json | undefined): OverviewCell {
  const state = members(status, "state");
  if (isMembers(state["running"])) {
    return at(status, "ready") === true ? { text: "running", tone: "good" } : { text: "running, not ready", tone: "busy" };
  }
  if (isMembers(state["terminated"])) {
    const code = text(state, "terminated", "exitCode");
    const reason = text(state, "terminated", "reason");
    return { text: `${reason || "terminated"}${code ? ` (exit code ${code})` : ""}`, tone: code === "0" ? "calm" : "bad" };
  }
  const reason = text(state, "waiting", "reason");
  return { text: reason || "waiting", tone: /Error|BackOff|Invalid/.test(reason) ? "bad" : "busy" };
}

function selector(object: Members): string {
  const labels = pairs(members(object, "spec", "selector", "matchLabels"));
  const more = list(object, "spec", "selector", "matchExpressions").map(
    (one) => `${text(one, "key")} ${text(one, "operator")} (${list(one, "values").map(String).join(", ")})`,
  );
  return [...labels, ...more].join(", ");
}

function template(object: Members): Section[] {
  return containers("Containers", list(object, "spec", "template", "spec", "containers"), []).map((section) =>
    // A template runs nowhere: it has no state and no restarts.
    section.is === "table" ? { ...section, columns: without(section.columns), rows: section.rows.map(without) } : section,
  );
}

function without<T>(cells: readonly T[]): T[] {
  return cells.filter((_, index) => index !== 1 && index !== 2);
}

function workload(object: Members): Section[] {
  const status = members(object, "status");
  return [
    ...facts("Replicas", [
      ["Wanted", text(object, "spec", "replicas")],
      ["There", text(status, "replicas")],
      ["Ready", text(status, "readyReplicas") || "0"],
      ["Up to date", text(status, "updatedReplicas")],
      ["Available", text(status, "availableReplicas")],
      ["Strategy", text(object, "spec", "strategy", "type") || text(object, "spec", "updateStrategy", "type")],
      ["Selector", selector(object)],
      ["Service", text(object, "spec", "serviceName")],
    ]),
    ...template(object),
  ];
}

function daemonSet(object: Members): Section[] {
  const status = members(object, "status");
  return [
    ...facts("Pods", [
      ["Wanted", text(status, "desiredNumberScheduled")],
      ["There", text(status, "currentNumberScheduled")],
      ["Ready", text(status, "numberReady")],
      ["Up to date", text(status, "updatedNumberScheduled")],
      ["Where none should be", text(status, "numberMisscheduled")],
      ["Selector", selector(object)],
    ]),
    ...template(object),
  ];
}

function job(object: Members): Section[] {
  const status = members(object, "status");
  return [
    ...facts("Job", [
      ["Completions", `${text(status, "succeeded") || "0"} of ${text(object, "spec", "completions") || "1"}`],
      ["Active", text(status, "active")],
      ["Failed", text(status, "failed")],
      ["Begun", text(status, "startTime")],
      ["Completed", text(status, "completionTime")],
      ["Tries", text(object, "spec", "backoffLimit")],
    ]),
    ...template(object),
  ];
}

function cronJob(object: Members): Section[] {
  return facts("Schedule", [
    ["Schedule", text(object, "spec", "schedule")],
    ["Time zone", text(object, "spec", "timeZone")],
    ["Suspended", text(object, "spec", "suspend")],
    ["At the same time", text(object, "spec", "concurrencyPolicy")],
    ["Last begun", text(object, "status", "lastScheduleTime")],
    ["Last completed", text(object, "status", "lastSuccessfulTime")],
    ["Running now", list(object, "status", "active").map((one) => text(one, "name")).join(", ")],
  ]);
}

function service(object: Members): Section[] {
  const spec = members(object, "spec");
  const balancer = list(object, "status", "loadBalancer", "ingress").map((one) => text(one, "hostname") || text(one, "ip"));
  return [
    ...facts("Service", [
      ["Type", text(spec, "type")],
      ["Cluster IP", text(spec, "clusterIP")],
      ["From outside", [...balancer, ...list(spec, "externalIPs").map(String)].join(", ")],
      ["External name", text(spec, "externalName")],
      ["Selector", pairs(members(spec, "selector")).join(", ")],
      ["Session affinity", text(spec, "sessionAffinity")],
    ]),
    ...table(
      "Ports",
      ["Name", "Port", "Target", "Node port", "Protocol"],
      list(spec, "ports").map((one) => ["name", "port", "targetPort", "nodePort", "protocol"].map((key) => text(one, key))),
    ),
  ];
}

function ingress(object: Members): Section[] {
  const rows = list(object, "spec", "rules").flatMap((rule) =>
    list(rule, "http", "paths").map((path) => [
      text(rule, "host") || "any host",
      text(path, "path") || "/",
      text(path, "backend", "service", "name"),
      text(path, "backend", "service", "port", "name") || text(path, "backend", "service", "port", "number"),
    ]),
  );
  return [...facts("Ingress", [["Class", text(object, "spec", "ingressClassName")]]), ...table("Rules", ["Host", "Path", "Service", "Port"], rows)];
}

function node(object: Members): Section[] {
  const status = members(object, "status");
  const info = members(status, "nodeInfo");
  const capacity = members(status, "capacity");
  const allocatable = members(status, "allocatable");
  return [
    ...facts("Node", [
      ["Scheduling", at(object, "spec", "unschedulable") === true ? "cordoned: no pods are scheduled on it" : ""],
      ["Kubelet", text(info, "kubeletVersion")],
      ["System", text(info, "osImage")],
      ["Kernel", text(info, "kernelVersion")],
      ["Runtime", text(info, "containerRuntimeVersion")],
      ["Architecture", text(info, "architecture")],
      ["Addresses", list(status, "addresses").map((one) => `${text(one, "type")} ${text(one, "address")}`).join(", ")],
    ]),
    ...table("Capacity", ["Resource", "There is", "For pods"], Object.keys(capacity).map((key) => [key, text(capacity, key), text(allocatable, key)])),
    ...table("Taints", ["Key", "Value", "Effect"], list(object, "spec", "taints").map((one) => ["key", "value", "effect"].map((key) => text(one, key)))),
  ];
}

function claim(object: Members): Section[] {
  const volumeName = text(object, "spec", "volumeName");
  return facts("Claim", [
    ["Phase", text(object, "status", "phase")],
    ["Asked for", text(object, "spec", "resources", "requests", "storage")],
    ["There is", text(object, "status", "capacity", "storage")],
    ["Access", list(object, "spec", "accessModes").map(String).join(", ")],
    ["Storage class", text(object, "spec", "storageClassName")],
    volumeName ? { term: "Volume", value: volumeName, link: { type: "persistentvolumes", namespace: "", name: volumeName } } : ["Volume", ""],
  ]);
}

function volume(object: Members): Section[] {
  const [namespace, name] = [text(object, "spec", "claimRef", "namespace"), text(object, "spec", "claimRef", "name")];
  return facts("Volume", [
    ["Phase", text(object, "status", "phase")],
    ["Capacity", text(object, "spec", "capacity", "storage")],
    ["Access", list(object, "spec", "accessModes").map(String).join(", ")],
    ["When released", text(object, "spec", "persistentVolumeReclaimPolicy")],
    ["Storage class", text(object, "spec", "storageClassName")],
    name ? { term: "Claim", value: `${namespace}/${name}`, link: { type: "persistentvolumeclaims", namespace, name } } : ["Claim", ""],
  ]);
}

function autoscaler(object: Members): Section[] {
  return facts("Autoscaler", [
    ["Scales", `${text(object, "spec", "scaleTargetRef", "kind")} ${text(object, "spec", "scaleTargetRef", "name")}`.trim()],
    ["At least", text(object, "spec", "minReplicas")],
    ["At most", text(object, "spec", "maxReplicas")],
    ["Now", text(object, "status", "currentReplicas")],
    ["Wanted", text(object, "status", "desiredReplicas")],
  ]);
}

/** Names and sizes of what an object holds; never the values, which are in the YAML where they may be seen. */
function keys(title: string, data: Members): Section[] {
  return table(title, ["Key", "Content"], Object.entries(data).map(([key, value]) => [key, value === "(redacted)" ? "redacted" : `${String(value).length} characters`]));
}
