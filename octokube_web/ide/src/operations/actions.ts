/** The deeds that an object's kind allows, how dangerous each is, and the operation that it is. */
import type { Start } from "./operation";
import { operationTarget, type Target } from "./target";

export interface Deed {
  readonly id: string;
  readonly title: string;
  /** The policy verb. */
  readonly verb: string;
  /** "ask": one question first. "name": the object's name has to be typed. */
  readonly care: "ask" | "name";
  /** What happens, in one sentence. */
  readonly consequence: string;
  /** A number that is asked for. */
  readonly number?: { readonly label: string; readonly least: number; readonly start: (target: Target) => number };
  readonly start: (target: Target, number: number) => Start;
}

const ROLLED = ["deployments.apps", "statefulsets.apps", "daemonsets.apps"];
const SCALED = ["deployments.apps", "statefulsets.apps", "replicasets.apps", "replicationcontrollers"];
/** What takes much else along, or cannot be made again. */
const GRAVE = ["namespaces", "nodes", "persistentvolumes", "persistentvolumeclaims", "customresourcedefinitions.apiextensions.k8s.io"];

const RESTART: Deed = {
  id: "restart", title: "Restart", verb: "restart", care: "ask",
  consequence: "Its pods are replaced one after the other, as its rollout strategy says.",
  start: (target) => ({ target: operationTarget(target), operation: { case: "restart", value: {} } }),
};
const SCALE: Deed = {
  id: "scale", title: "Scale", verb: "scale", care: "ask",
  consequence: "Pods are started or ended until there are so many.",
  number: { label: "Replicas", least: 0, start: (target) => replicasOf(target) },
  start: (target, replicas) => ({ target: operationTarget(target), operation: { case: "scale", value: { replicas } } }),
};
const ROLLBACK: Deed = {
  id: "rollback", title: "Roll back", verb: "rollback", care: "ask",
  consequence: "It goes back to the revision before the current one.",
  start: (target) => ({ target: operationTarget(target), operation: { case: "rollback", value: { revision: 0n } } }),
};
const CORDON: Deed = {
  id: "cordon", title: "Cordon", verb: "cordon", care: "ask",
  consequence: "No more pods are scheduled on it; those that are there stay.",
  start: (target) => ({ target: operationTarget(target), operation: { case: "cordon", value: { uncordon: false } } }),
};
const UNCORDON: Deed = {
  id: "uncordon", title: "Uncordon", verb: "cordon", care: "ask",
  consequence: "Pods may be scheduled on it again.",
  start: (target) => ({ target: operationTarget(target), operation: { case: "cordon", value: { uncordon: true } } }),
};
const DRAIN: Deed = {
  id: "drain", title: "Drain", verb: "drain", care: "name",
  consequence: "It is cordoned, and its pods are evicted, whosever they are. Disruption budgets are kept to.",
  start: (target) => ({ target: operationTarget(target), operation: { case: "drain", value: { ignoreDaemonsets: true } } }),
};

function deleting(type: string): Deed {
  return {
    id: "delete", title: "Delete", verb: "delete", care: GRAVE.includes(type) ? "name" : "ask",
    consequence: type === "namespaces" ? "Everything inside it is deleted, too. That can't be undone." : "What it owns is deleted with it. That can't be undone.",
    start: (target) => ({ target: operationTarget(target), operation: { case: "delete", value: {} } }),
  };
}

export function deedsOf(target: Target): readonly Deed[] {
  const { type } = target;
  const deeds: Deed[] = [];
  if (SCALED.includes(type)) deeds.push(SCALE);
  if (ROLLED.includes(type)) deeds.push(RESTART, ROLLBACK);
  if (type === "nodes") deeds.push(isCordoned(target) ? UNCORDON : CORDON, DRAIN);
  deeds.push(deleting(type));
  return deeds;
}

/** What can be done to several objects of a type at once. */
export function bulkDeedsOf(type: string): readonly Deed[] {
  const deeds: Deed[] = [];
  if (SCALED.includes(type)) deeds.push(SCALE);
  if (ROLLED.includes(type)) deeds.push(RESTART, ROLLBACK);
  if (type === "nodes") deeds.push(CORDON, UNCORDON);
  deeds.push(deleting(type));
  return deeds;
}

function replicasOf(target: Target): number {
  const replicas = (JSON.parse(target.body || "{}") as { spec?: { replicas?: number } }).spec?.replicas;
  return replicas ?? 1;
}

function isCordoned(target: Target): boolean {
  return (JSON.parse(target.body || "{}") as { spec?: { unschedulable?: boolean } }).spec?.unschedulable === true;
}
