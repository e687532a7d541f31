/** Searches what the hub holds, part by part, among what the person may see. */
import { useEffect, useState } from "react";
import { ClusterService, type SearchHit } from "../gen/octokube/v1/cluster_service_pb";
import { ask, refusalOf } from "../pages/hub";

/** Beyond it nobody reads on: narrowing helps more. */
export const MAX_HITS = 1_000;

export interface Question {
  readonly text: string;
  readonly labels: string;
  /** Each "" for all. */
  readonly cluster: string;
  readonly type: string;
  readonly namespace: string;
}

export interface Finding {
  readonly is: "searching" | "done" | "stopped" | "refused";
  readonly hits: readonly SearchHit[];
  readonly searched: number;
  /** Why it was refused. */
  readonly reason: string;
  readonly at: number;
}

export const NOTHING_FOUND: Finding = { is: "searching", hits: [], searched: 0, reason: "", at: 0 };

/** Tells what has been found after each part; ends when there are no more, at the limit, or when `signal` says so. */
export async function search(question: Question, limit: number, tell: (finding: Finding) => void, signal: AbortSignal): Promise<void> {
  let after: Uint8Array = new Uint8Array();
  let finding: Finding = { ...NOTHING_FOUND, at: Date.now() };
  const within = {
    clusters: [question.cluster || "*"],
    types: [question.type || "*"],
    namespaces: [question.namespace || "**"],
    labelSelector: question.labels,
  };
  try {
    for (;;) {
      const part = await ask(ClusterService.method.search, { within, text: question.text, limit: 200, after });
      if (signal.aborted) return;
      const hits = [...finding.hits, ...part.hits].slice(0, limit);
      const isFull = hits.length >= limit && part.next.length > 0;
      finding = {
        ...finding,
        is: part.next.length === 0 ? "done" : isFull ? "stopped" : "searching",
        hits,
        searched: finding.searched + Number(part.searched),
      };
      tell(finding);
      if (finding.is !== "searching") return;
      after = part.next;
    }
  } catch (error) {
    if (!signal.aborted) tell({ ...finding, hits: [], is: "refused", reason: refusalOf(error).reason });
  }
}

/** What is found, from nothing again whenever the question, or what the person may see, is another. */
export function useSearch(question: Question | undefined, reasons: readonly unknown[], limit = MAX_HITS): Finding | undefined {
  const [finding, setFinding] = useState<Finding | undefined>();
  const key = question && JSON.stringify(question);
  useEffect(() => {
    setFinding(key === undefined ? undefined : NOTHING_FOUND);
    if (key === undefined) return;
    const stop = new AbortController();
    void search(JSON.parse(key) as Question, limit, setFinding, stop.signal);
    return () => stop.abort();
  }, [key, limit, ...reasons]);
  return finding;
}

/** Hits of one cluster and type stand together, in the order in which they came. */
export function grouped(hits: readonly SearchHit[]): readonly { cluster: string; type: string; hits: readonly SearchHit[] }[] {
  const groups = new Map<string, { cluster: string; type: string; hits: SearchHit[] }>();
  for (const hit of hits) {
    const type = hit.key?.type ?? "";
    const key = `${hit.cluster}/${type}`;
    const group = groups.get(key) ?? { cluster: hit.cluster, type, hits: [] };
    groups.set(key, group);
    group.hits.push(hit);
  }
  return [...groups.values()];
}

/** The labels of what was found with how many have each, the most frequent first. */
export function labelsOf(hits: readonly SearchHit[]): readonly (readonly [string, number])[] {
  const counts = new Map<string, number>();
  for (const hit of hits) for (const label of hit.labels) counts.set(label, (counts.get(label) ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1] || a[0].localeCompare(b[0]));
}

/** A selector with one requirement more, or without it when it was there. */
export function toggleRequirement(selector: string, requirement: string): string {
  const held = requirementsOf(selector);
  const rest = held.filter((one) => one !== requirement);
  return (rest.length < held.length ? rest : [...held, requirement]).join(",");
}

/** The requirements of a selector, as they are written; a comma in brackets parts none. */
export function requirementsOf(selector: string): readonly string[] {
  return selector.split(/,(?![^(]*\))/).map((one) => one.trim()).filter(Boolean);
}
