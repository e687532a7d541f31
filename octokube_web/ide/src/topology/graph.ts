/** What belongs to what: by ownership, by the way of a request, by selectors. Plain values that a page draws. */
import { groupBy } from "../group-by";
import { isSelected, type Facts } from "./facts";
import type { Tone } from "../ui/freshness";

export type Mode = "ownership" | "network" | "selectors";

export interface Node {
  readonly id: string;
  readonly type: string;
  readonly namespace: string;
  /** Of an object: its name. Of a group: what its objects have in common. */
  readonly name: string;
  /** How many objects it stands for; 1: the very object. */
  readonly count: number;
  readonly tone: Tone;
  /** An owner that is not among what may be seen. */
  readonly isUnseen: boolean;
  /** Of a group: by which label its objects are found; empty where no label says it. */
  readonly label: string;
}

export interface Edge {
  readonly from: string;
  readonly to: string;
}

export interface Graph {
  readonly nodes: readonly Node[];
  readonly edges: readonly Edge[];
  /** How many objects are drawn, groups opened up. */
  readonly objects: number;
  readonly isGrouped: boolean;
}

const WORKLOADS = [
  "deployments.apps", "statefulsets.apps", "daemonsets.apps", "cronjobs.batch", "replicasets.apps", "replicationcontrollers", "jobs.batch",
];
/** From left to right, as they are drawn. */
export const TYPES: Record<Mode, readonly string[]> = {
  ownership: [...WORKLOADS, "pods"],
  network: ["ingresses.networking.k8s.io", "services", "endpointslices.discovery.k8s.io", "pods"],
  selectors: ["services", "networkpolicies.networking.k8s.io", "poddisruptionbudgets.policy", ...WORKLOADS, "pods"],
};

export const DRAWN_AT_MOST = 500;
const RANK: Record<Tone, number> = { bad: 3, busy: 2, good: 1, calm: 0 };

export function worst(tones: Iterable<Tone>): Tone {
  let found: Tone = "calm";
  for (const tone of tones) if (RANK[tone] > RANK[found]) found = tone;
  return found;
}

/** Groups what would be more than `most` nodes: first the pods of one owner, then all of one app, then of one namespace. */
export function graphOf(mode: Mode, objects: readonly Facts[], toneOf: (facts: Facts) => Tone, filter = "", most = DRAWN_AT_MOST): Graph {
  const whole = linked(mode, objects, toneOf);
  const kept = filter ? around(whole, filter) : whole;
  const byId = new Map(objects.map((facts) => [facts.id, facts]));
  const steps: ((node: Node) => Group | undefined)[] = [
    (node) => ofOwner(node, kept, byId),
    (node) => ofApp(node, byId.get(node.id)),
    (node) => ({ key: `${node.namespace} ${node.type}`, name: node.namespace || "no namespace", label: "" }),
  ];
  let graph: Graph = { ...kept, objects: kept.nodes.length, isGrouped: false };
  for (const step of steps) {
    if (graph.nodes.length <= most) break;
    graph = { ...grouped(kept, step), objects: kept.nodes.length, isGrouped: true };
  }
  return graph;
}

interface Drawn {
  readonly nodes: readonly Node[];
  readonly edges: readonly Edge[];
}

function linked(mode: Mode, objects: readonly Facts[], toneOf: (facts: Facts) => Tone): Drawn {
  const nodes = new Map<string, Node>();
  for (const facts of objects) {
    const { id, type, namespace, name } = facts;
    nodes.set(id, { id, type, namespace, name, count: 1, tone: toneOf(facts), isUnseen: false, label: "" });
  }
  const edges = new Map<string, Edge>();
  const link = (from: string, to: string) => edges.set(`${from}\n\n${to}`, { from, to });
  if (mode === "ownership") {
    const byUid = new Map(objects.map((facts) => [facts.uid, facts.id]));
    for (const facts of objects) {
      for (const owner of facts.owners) {
        let id = byUid.get(owner.uid);
        if (id === undefined) {
          id = `unseen ${owner.uid}`;
          const type = owner.group ? `${owner.kind}.${owner.group}` : owner.kind;
          if (!nodes.has(id)) nodes.set(id, { id, type, namespace: facts.namespace, name: owner.name, count: 1, tone: "calm", isUnseen: true, label: "" });
        }
        link(id, facts.id);
      }
    }
  } else {
    const pods = groupBy(objects.filter(({ type }) => type === "pods"), ({ namespace }) => namespace);
    const named = new Map(objects.map((facts) => [`${facts.type} ${facts.namespace}/${facts.name}`, facts.id]));
    for (const facts of objects) {
      for (const service of facts.services) {
        const id = named.get(`services ${facts.namespace}/${service}`);
        if (id === undefined) continue;
        // A slice lies behind its service, an ingress before it.
        if (facts.type.startsWith("endpointslices")) link(id, facts.id);
        else link(facts.id, id);
      }
      for (const pod of facts.pods) {
        const id = named.get(`pods ${facts.namespace}/${pod}`);
        if (id !== undefined) link(facts.id, id);
      }
      const { selector } = facts;
      if (!selector || facts.type === "pods") continue;
      for (const pod of pods.get(facts.namespace) ?? []) if (isSelected(selector, pod.labels)) link(facts.id, pod.id);
    }
  }
  return { nodes: [...nodes.values()], edges: [...edges.values()] };
}

/** What is named so, and all that hangs together with it. */
function around({ nodes, edges }: Drawn, filter: string): Drawn {
  const wanted = filter.toLowerCase();
  const neighbours = new Map<string, string[]>();
  for (const { from, to } of edges) {
    neighbours.set(from, [...(neighbours.get(from) ?? []), to]);
    neighbours.set(to, [...(neighbours.get(to) ?? []), from]);
  }
  const found = new Set(nodes.filter(({ name }) => name.toLowerCase().includes(wanted)).map(({ id }) => id));
  const open = [...found];
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    for (const next of neighbours.get(id) ?? []) {
      if (found.has(next)) continue;
      found.add(next);
      open.push(next);
    }
  }
  return { nodes: nodes.filter(({ id }) => found.has(id)), edges: edges.filter(({ from }) => found.has(from)) };
}

interface Group {
  readonly key: string;
  readonly name: string;
  readonly label: string;
}

const APP_LABELS = ["app.kubernetes.io/name", "app", "k8s-app"];

function ofOwner(node: Node, { edges }: Drawn, byId: ReadonlyMap<string, Facts>): Group | undefined {
  if (node.type !== "pods") return undefined;
  const owner = byId.get(node.id)?.owners[0];
  if (owner) return { key: owner.uid, name: owner.name, label: appLabel(byId.get(node.id)) };
  return edges.length === 0 ? undefined : ofApp(node, byId.get(node.id));
}

function ofApp(node: Node, facts: Facts | undefined): Group {
  const label = appLabel(facts);
  const name = label.slice(label.indexOf("=") + 1) || node.namespace || "no namespace";
  return { key: `${node.namespace} ${node.type} ${label}`, name, label };
}

function appLabel(facts: Facts | undefined): string {
  const key = APP_LABELS.find((one) => facts?.labels[one]);
  return key ? `${key}=${facts?.labels[key] ?? ""}` : "";
}

function grouped({ nodes, edges }: Drawn, groupOf: (node: Node) => Group | undefined): Drawn {
  const made = new Map<string, Node & { tones: Tone[] }>();
  const place = new Map<string, string>();
  const kept: Node[] = [];
  for (const node of nodes) {
    const group = groupOf(node);
    if (!group) {
      kept.push(node);
      place.set(node.id, node.id);
      continue;
    }
    const id = `group ${node.type} ${node.namespace} ${group.key}`;
    const held = made.get(id);
    made.set(id, held
      ? { ...held, count: held.count + 1, tones: [...held.tones, node.tone] }
      : { ...node, id, name: group.name, label: group.label, tones: [node.tone] });
    place.set(node.id, id);
  }
  // A group of one is that one.
  const single = new Map<string, Node>();
  for (const node of nodes) {
    const id = place.get(node.id) ?? "";
    if (made.get(id)?.count === 1) single.set(id, node);
  }
  const groups = [...made.values()].map(({ tones, ...node }) => single.get(node.id) ?? { ...node, tone: worst(tones) });
  const ended = (id: string) => single.get(place.get(id) ?? "")?.id ?? place.get(id) ?? id;
  const between = new Map<string, Edge>();
  for (const { from, to } of edges) {
    const edge = { from: ended(from), to: ended(to) };
    if (edge.from !== edge.to) between.set(`${edge.from}\n\n${edge.to}`, edge);
  }
  return { nodes: [...kept, ...groups], edges: [...between.values()] };
}

/** How things fare together with all that they lead to. */
export function rolledUp({ nodes, edges }: Drawn): ReadonlyMap<string, Tone> {
  const below = groupBy(edges, ({ from }) => from);
  const own = new Map(nodes.map((node) => [node.id, node.tone]));
  const found = new Map<string, Tone>();
  const visit = (id: string, path: ReadonlySet<string>): Tone => {
    const known = found.get(id);
    if (known) return known;
    if (path.has(id)) return own.get(id) ?? "calm";
    const inner = new Set(path).add(id);
    const tone = worst([own.get(id) ?? "calm", ...(below.get(id) ?? []).map(({ to }) => visit(to, inner))]);
    found.set(id, tone);
    return tone;
  };
  for (const { id } of nodes) visit(id, new Set());
  return found;
}
