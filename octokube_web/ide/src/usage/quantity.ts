/** What a pod's containers ask for and may use together, in the units of what is measured. */
import type { Measure } from "./history";

const FACTORS: Record<string, number> = {
  "": 1, n: 1e-9, u: 1e-6, m: 1e-3, k: 1e3, M: 1e6, G: 1e9, T: 1e12, P: 1e15, E: 1e18,
  Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30, Ti: 2 ** 40, Pi: 2 ** 50, Ei: 2 ** 60,
};

/** A Kubernetes quantity as a number; undefined for what is none. */
export function readQuantity(text: unknown): number | undefined {
  const match = /^([+-]?\d*\.?\d+(?:[eE][+-]?\d+)?)([A-Za-z]*)$/.exec(String(text ?? ""));
  const factor = FACTORS[match?.[2] ?? "?"];
  return match && factor !== undefined ? Number(match[1]) * factor : undefined;
}

interface Marks {
  readonly request: number;
  readonly limit: number;
}

/** 0 where a container names none: then the sum of the others says nothing. A node's are what it has to give. */
export function quantityOf(body: string): Record<Measure, Marks> {
  const object = (body ? JSON.parse(body) : {}) as {
    spec?: { containers?: readonly { resources?: { requests?: Record<string, unknown>; limits?: Record<string, unknown> } }[] };
    status?: { allocatable?: Record<string, unknown> };
  };
  const allocatable = object.status?.allocatable;
  const containers = object.spec?.containers ?? [];
  const sum = (kind: "requests" | "limits", name: string, factor: number) => {
    const each = containers.map((one) => readQuantity(one.resources?.[kind]?.[name]));
    return each.every((one) => one !== undefined) ? each.reduce((total: number, one) => total + (one ?? 0), 0) * factor : 0;
  };
  const of = (name: string, factor: number): Marks => ({
    request: sum("requests", name, factor),
    limit: allocatable ? (readQuantity(allocatable[name]) ?? 0) * factor : sum("limits", name, factor),
  });
  return { cpu: of("cpu", 1000), memory: of("memory", 2 ** -20) };
}
