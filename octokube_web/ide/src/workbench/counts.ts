/** How much there is of everything one may see: kept from what the worker counts. */
import { useEffect, useMemo, useState } from "react";
import type { Count, ViewSpec } from "../feed/messages";
import { useSession } from "../ui/context";

/** Rows of everything that one may see: the same stream serves every search, and what is counted. */
export const EVERYTHING: ViewSpec = { cluster: "*", type: "*", namespaces: ["**"], names: [], detail: "rows" };
/** Beyond so many objects they are only counted when somebody asks: all of them would cross the wire for a number. */
export const COUNT_LIMIT = 20_000;

export class Counts {
  private readonly held = new Map<string, number>();

  /** Takes over what has changed. */
  take(counts: readonly Count[]): void {
    for (const { cluster, namespace, type, count } of counts) {
      const before = this.held.get(`${cluster}\n${namespace}\n${type}`) ?? 0;
      for (const key of [`${cluster}\n${namespace}\n${type}`, `${cluster}\n*\n${type}`]) {
        const next = (this.held.get(key) ?? 0) + count - before;
        if (next > 0) this.held.set(key, next);
        else this.held.delete(key);
      }
    }
  }

  /** Of a type in a namespace; "*": in all, and in none. */
  of(cluster: string, namespace: string, type: string): number {
    return this.held.get(`${cluster}\n${namespace}\n${type}`) ?? 0;
  }
}

export interface Counted {
  readonly counts: Counts;
  /** Replaced whenever a count has changed. */
  readonly version: number;
  readonly phase: "off" | "counting" | "counted" | "too many";
  /** Counts although there are many. */
  insist(): void;
}

export function useCounts(isWanted: boolean): Counted {
  const { feed, epoch } = useSession();
  const [isInsisted, setInsisted] = useState(false);
  const counts = useMemo(() => new Counts(), [epoch, isWanted]);
  const [version, setVersion] = useState(0);
  const [phase, setPhase] = useState<Counted["phase"]>("off");
  const isOff = epoch === 0 || !isWanted || (phase === "too many" && !isInsisted);
  useEffect(() => {
    if (isOff) return;
    setPhase("counting");
    return feed.count(EVERYTHING, {
      status: (status) => {
        if (!isInsisted && Math.max(status.expected, status.gathered) > COUNT_LIMIT) setPhase("too many");
        else if (status.phase === "live") setPhase("counted");
      },
      counts: (changed) => {
        counts.take(changed);
        setVersion((last) => last + 1);
      },
    });
  }, [feed, counts, isOff, isInsisted]);
  return { counts, version, phase: epoch === 0 || !isWanted ? "off" : phase, insist: () => setInsisted(true) };
}
