/** What pods and nodes used, as far back as somebody has looked: the cluster keeps the newest measurement only. */
import type { Batch } from "../feed/messages";

export interface Sample {
  /** When it was measured, in seconds since 1970. */
  readonly at: number;
  /** Millicores; undefined where it could not be read. */
  readonly cpu: number | undefined;
  /** MiB. */
  readonly memory: number | undefined;
}

export type Measure = "cpu" | "memory";

/** At a measurement each 15 s: half an hour. */
export const KEPT = 120;
const NO_SAMPLES: readonly Sample[] = [];

/** Samples by namespace and name. A thing that leaves is forgotten at once. */
export class UsageHistory {
  private readonly samples = new Map<string, readonly Sample[]>();
  private readonly names = new Map<string, string>();
  private readonly listeners = new Map<string, Set<() => void>>();

  take({ arrived, left }: Batch): void {
    for (const { id } of left) {
      const key = this.names.get(id);
      this.names.delete(id);
      if (key === undefined) continue;
      this.samples.delete(key);
      this.tell(key);
    }
    for (const { id, namespace, name, cells } of arrived) {
      const [cpu, memory, at] = cells;
      if (typeof at !== "number") continue;
      const key = keyOf(namespace, name);
      const held = this.samples.get(key) ?? NO_SAMPLES;
      if (held.at(-1)?.at === at) continue;
      this.names.set(id, key);
      this.samples.set(key, [...held, { at, cpu: numberOf(cpu), memory: numberOf(memory) }].slice(-KEPT));
      this.tell(key);
    }
  }

  of(namespace: string, name: string): readonly Sample[] {
    return this.samples.get(keyOf(namespace, name)) ?? NO_SAMPLES;
  }

  subscribe(namespace: string, name: string, listener: () => void): () => void {
    const key = keyOf(namespace, name);
    const those = this.listeners.get(key) ?? new Set();
    this.listeners.set(key, those.add(listener));
    return () => {
      those.delete(listener);
      if (those.size === 0) this.listeners.delete(key);
    };
  }

  forget(): void {
    const keys = [...this.samples.keys()];
    this.samples.clear();
    this.names.clear();
    for (const key of keys) this.tell(key);
  }

  private tell(key: string): void {
    for (const listener of this.listeners.get(key) ?? []) listener();
  }
}

const keyOf = (namespace: string, name: string) => `${namespace}/${name}`;
const numberOf = (value: unknown) => (typeof value === "number" ? value : undefined);

/** Measurements that lie further apart have a gap between them: nothing is known of the time. */
export const GAP_SECONDS = 150;

export interface Point {
  readonly x: number;
  readonly y: number;
}

/** The lines through samples, from 0 to 1 in both directions, broken where something is missing. `most` is the top of the scale. */
export function linesThrough(samples: readonly Sample[], measure: Measure, most: number): readonly (readonly Point[])[] {
  const first = samples[0]?.at ?? 0;
  const span = Math.max(1, (samples.at(-1)?.at ?? 0) - first);
  const lines: Point[][] = [];
  let before = Number.NEGATIVE_INFINITY;
  for (const sample of samples) {
    const value = sample[measure];
    if (value === undefined) {
      before = Number.NEGATIVE_INFINITY;
      continue;
    }
    const point = { x: (sample.at - first) / span, y: Math.min(1, value / Math.max(most, 1e-9)) };
    const last = lines.at(-1);
    if (last && sample.at - before <= GAP_SECONDS) last.push(point);
    else lines.push([point]);
    before = sample.at;
  }
  return lines;
}

/** A number that is a good top of a scale: 1, 2 or 5 times a power of ten. */
export function scaleOf(most: number): number {
  if (most <= 1) return 1;
  const power = 10 ** Math.floor(Math.log10(most));
  return ([1, 2, 5, 10].find((step) => step * power >= most) ?? 10) * power;
}

export function usageText(measure: Measure, value: number | undefined): string {
  if (value === undefined) return "";
  if (measure === "cpu") return value < 1000 ? `${Math.round(value)}m` : (value / 1000).toFixed(2);
  return value < 1024 ? `${Math.round(value)} MiB` : `${(value / 1024).toFixed(1)} GiB`;
}
