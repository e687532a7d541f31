/** Events as they lie in time: one lane for each object that they are about. */
import type { Viewed } from "../state/viewed";

export interface EventFacts {
  readonly id: string;
  readonly isWarning: boolean;
  readonly reason: string;
  readonly message: string;
  /** Of how many the cluster tells as this one. */
  readonly count: number;
  /** Milliseconds since 1970; equal where it happened once. */
  readonly first: number;
  readonly last: number;
  readonly about: { readonly group: string; readonly kind: string; readonly namespace: string; readonly name: string };
  readonly source: string;
}

interface Reference {
  readonly kind?: string;
  readonly namespace?: string;
  readonly name?: string;
  readonly apiVersion?: string;
}

/** Of both forms of an event: that of the core group, and that of events.k8s.io. */
interface Body {
  readonly type?: string;
  readonly reason?: string;
  readonly message?: string;
  readonly note?: string;
  readonly count?: number;
  readonly deprecatedCount?: number;
  readonly firstTimestamp?: string | null;
  readonly lastTimestamp?: string | null;
  readonly deprecatedFirstTimestamp?: string | null;
  readonly deprecatedLastTimestamp?: string | null;
  readonly eventTime?: string | null;
  readonly series?: { readonly count?: number; readonly lastObservedTime?: string } | null;
  readonly involvedObject?: Reference;
  readonly regarding?: Reference;
  readonly source?: { readonly component?: string };
  readonly reportingComponent?: string;
  readonly reportingController?: string;
  readonly metadata?: { readonly creationTimestamp?: string };
}

export function eventOf({ id, body }: Viewed): EventFacts {
  const event = JSON.parse(body || "{}") as Body;
  const about = event.involvedObject ?? event.regarding ?? {};
  const time = (...texts: readonly (string | null | undefined)[]) => {
    for (const text of texts) {
      const at = Date.parse(text ?? "");
      if (Number.isFinite(at)) return at;
    }
    return 0;
  };
  const created = event.metadata?.creationTimestamp;
  const last = time(event.series?.lastObservedTime, event.lastTimestamp, event.deprecatedLastTimestamp, event.eventTime, created);
  const first = time(event.firstTimestamp, event.deprecatedFirstTimestamp, event.eventTime, created) || last;
  return {
    id,
    isWarning: event.type === "Warning",
    reason: event.reason ?? "",
    message: event.message ?? event.note ?? "",
    count: Math.max(1, event.series?.count ?? event.count ?? event.deprecatedCount ?? 1),
    first: Math.min(first, last),
    last,
    about: { group: about.apiVersion?.includes("/") ? (about.apiVersion.split("/")[0] ?? "") : "", kind: about.kind ?? "", namespace: about.namespace ?? "", name: about.name ?? "" },
    source: event.source?.component || event.reportingComponent || event.reportingController || "",
  };
}

export interface Lane {
  readonly key: string;
  readonly about: EventFacts["about"];
  /** In the order of time. */
  readonly events: readonly EventFacts[];
  readonly warnings: number;
}

export interface Span {
  readonly from: number;
  readonly to: number;
}

/** Those that lie, at least with a part, in the span. Lanes with warnings come first, then those in which something happened last. */
export function lanesOf(events: Iterable<EventFacts>, span: Span, filter = ""): readonly Lane[] {
  const wanted = filter.toLowerCase();
  const lanes = new Map<string, EventFacts[]>();
  for (const event of events) {
    if (event.last < span.from || event.first > span.to) continue;
    const { kind, namespace, name } = event.about;
    if (wanted && ![name, event.reason, event.message].some((text) => text.toLowerCase().includes(wanted))) continue;
    const key = `${kind}/${namespace}/${name}`;
    const lane = lanes.get(key);
    if (lane) lane.push(event);
    else lanes.set(key, [event]);
  }
  const newest = (lane: Lane) => Math.max(...lane.events.map(({ last }) => last));
  return [...lanes]
    .map(([key, all]): Lane => ({
      key,
      about: (all[0] as EventFacts).about,
      events: all.sort((a, b) => a.first - b.first || a.id.localeCompare(b.id)),
      warnings: all.filter(({ isWarning }) => isWarning).length,
    }))
    .sort((a, b) => Number(b.warnings > 0) - Number(a.warnings > 0) || newest(b) - newest(a) || a.key.localeCompare(b.key));
}

/** Where rollouts began, as the deployments' own events tell it: what happens after may come of it. */
export function rolloutsOf(events: Iterable<EventFacts>, { from, to }: Span): readonly { readonly at: number; readonly name: string; readonly message: string }[] {
  return [...events]
    .filter(({ reason, about, message, last }) => reason === "ScalingReplicaSet" && about.kind === "Deployment" && message.startsWith("Scaled up") && last >= from && last <= to)
    .map(({ last, about, message }) => ({ at: last, name: about.name, message }))
    .sort((a, b) => a.at - b.at);
}

const LEAST_MS = 10_000;

/** The same middle, or the pointer's place, with so many times as much time around it; never beyond the whole. */
export function zoomed(span: Span, factor: number, whole: Span, around = (span.from + span.to) / 2): Span {
  const length = Math.min(whole.to - whole.from, Math.max(LEAST_MS, (span.to - span.from) * factor));
  const share = (around - span.from) / Math.max(1, span.to - span.from);
  return within({ from: around - share * length, to: around + (1 - share) * length }, whole);
}

/** As long as before, later by a share of itself. */
export function panned(span: Span, share: number, whole: Span): Span {
  const by = (span.to - span.from) * share;
  return within({ from: span.from + by, to: span.to + by }, whole);
}

function within({ from, to }: Span, whole: Span): Span {
  const length = Math.min(to - from, whole.to - whole.from);
  const start = Math.min(Math.max(from, whole.from), whole.to - length);
  return { from: start, to: start + length };
}

const STEPS = [5, 15, 30, 60, 300, 900, 1800, 3600, 10_800, 21_600, 43_200, 86_400, 604_800].map((seconds) => seconds * 1000);

/** Instants to write below the axis: at most `most`, at round distances. */
export function ticksOf({ from, to }: Span, most: number): readonly number[] {
  const step = STEPS.find((one) => (to - from) / one <= most) ?? (STEPS.at(-1) as number);
  const found: number[] = [];
  for (let at = Math.ceil(from / step) * step; at <= to; at += step) found.push(at);
  return found.slice(0, most + 1);
}
