/** Words and numbers as a person reads them. */
import type { TypeInfo } from "../feed/messages";

/** An age as kubectl writes it: 42s, 5m10s, 3h20m, 2d4h, 30d. */
export function age(seconds: number): string {
  const s = Math.max(0, Math.floor(seconds));
  if (s < 120) return `${s}s`;
  const m = Math.floor(s / 60);
  if (m < 10) return s % 60 ? `${m}m${s % 60}s` : `${m}m`;
  if (m < 180) return `${m}m`;
  const h = Math.floor(m / 60);
  if (h < 8) return m % 60 ? `${h}h${m % 60}m` : `${h}h`;
  if (h < 48) return `${h}h`;
  const d = Math.floor(h / 24);
  if (d < 8) return h % 24 ? `${d}d${h % 24}h` : `${d}d`;
  if (d < 730) return `${d}d`;
  return `${Math.floor(d / 365)}y`;
}

/** Time left, of fixed width: 1d 06:12, 04:12 h, 09:58. */
export function countdown(milliseconds: number): string {
  const s = Math.max(0, Math.ceil(milliseconds / 1000));
  const two = (n: number) => String(n).padStart(2, "0");
  if (s >= 86_400) return `${Math.floor(s / 86_400)}d ${two(Math.floor(s / 3600) % 24)}:${two(Math.floor(s / 60) % 60)}`;
  if (s >= 600) return `${two(Math.floor(s / 3600))}:${two(Math.floor(s / 60) % 60)} h`;
  return `${two(Math.floor(s / 60))}:${two(s % 60)}`;
}

const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false });

export function clockTime(milliseconds: number): string {
  return clock.format(milliseconds);
}

export function count(n: number): string {
  return n.toLocaleString("en");
}

/** "Pods", "NetworkPolicies": the kind's capitals on the plural's letters. */
export function titleOf(type: Pick<TypeInfo, "type" | "kind">): string {
  const plural = type.type.split(".")[0] ?? type.type;
  const kind = type.kind.toLowerCase();
  let shared = 0;
  while (shared < kind.length && kind[shared] === plural[shared]) shared++;
  if (shared === 0) return type.kind || plural;
  return type.kind.slice(0, shared) + plural.slice(shared);
}

const GROUPS: Record<string, string> = {
  "": "Core",
  apps: "Workloads",
  batch: "Batch",
  autoscaling: "Autoscaling",
  "networking.k8s.io": "Networking",
  "discovery.k8s.io": "Discovery",
  "policy": "Policy",
  "rbac.authorization.k8s.io": "Access control",
  "storage.k8s.io": "Storage",
  "scheduling.k8s.io": "Scheduling",
  "coordination.k8s.io": "Coordination",
  "events.k8s.io": "Events",
  "apiextensions.k8s.io": "Extensions",
  "admissionregistration.k8s.io": "Admission",
  "apiregistration.k8s.io": "API services",
  "certificates.k8s.io": "Certificates",
};

export function groupTitle(group: string): string {
  return GROUPS[group] ?? group;
}

/** Well-known groups first, in the order people think of them; then the rest by name. */
export function compareGroups(a: string, b: string): number {
  const order = Object.keys(GROUPS);
  const rank = (group: string) => (order.includes(group) ? order.indexOf(group) : order.length);
  return rank(a) - rank(b) || a.localeCompare(b);
}

/** Escapes what a subscription would read as a glob. */
export function literal(name: string): string {
  return name.replace(/[*?[]/g, (character) => `[${character}]`);
}

/** "user:alice" → "alice". */
export function shortSubject(subject: string): string {
  return subject.slice(subject.indexOf(":") + 1);
}
