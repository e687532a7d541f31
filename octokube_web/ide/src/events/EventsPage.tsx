/** What happened, in lanes over time and as a table: warnings first, each with what it is about. */
import { useEffect, useMemo, useRef, useState, type KeyboardEvent, type PointerEvent } from "react";
import type { ClusterInfo } from "../feed/messages";
import { GatheredState } from "../gathered/GatheredState";
import { useGathered } from "../gathered/use-gathered";
import { formatPlace, NOWHERE } from "../location";
import type { PageProps } from "../pages";
import { Frame, Table, type Column } from "../pages/parts";
import { useStore } from "../store";
import { clock } from "../ui/clock";
import { age, clockTime, count } from "../ui/format";
import { Nothing } from "../ui/Nothing";
import { StateDot } from "../ui/StateDot";
import { go } from "../workbench/tabs";
import { eventOf, lanesOf, panned, rolloutsOf, ticksOf, zoomed, type EventFacts, type Lane, type Span } from "./lanes";

/** The core group's form is served by every cluster; the other holds the same events. */
const TYPES = ["events", "events.events.k8s.io"];
const SPANS: readonly (readonly [string, number])[] = [["15 min", 900_000], ["1 h", 3_600_000], ["6 h", 21_600_000], ["All", 0]];
const LANES = 100;
const LISTED = 200;
const TICKS = 6;

export default function EventsPage({ catalog, place }: PageProps) {
  const cluster = catalog?.clusters.find((one) => one.name === place.cluster) ?? catalog?.clusters[0];
  return (
    <Frame
      title="Events"
      about="What happened in the cluster, as long as it remembers: about an hour."
      actions={
        <div className="page-filter">
          <label className="picker"><span className="hush">Namespace</span>
            <select value={place.namespace} onChange={(event) => go({ namespace: event.target.value }, "replace")}>
              <option value="">All namespaces</option>
              {(cluster?.namespaces ?? []).map((name) => <option key={name} value={name}>{name}</option>)}
            </select>
          </label>
          <label><span className="hush">Part of a name, a reason or a message</span>
            <input type="search" data-first placeholder="Name, reason, message" value={place.filter} onChange={(event) => go({ filter: event.target.value }, "replace")} />
          </label>
        </div>
      }
    >
      {!catalog ? <Nothing kind="loading" title="Asking what you may see…" /> : !cluster ? <Nothing kind="hidden" title="No cluster is visible to you." /> : (
        <Events key={`${cluster.name}/${place.namespace}`} cluster={cluster} namespace={place.namespace} filter={place.filter.trim()} />
      )}
    </Frame>
  );
}

function Events({ cluster, namespace, filter }: { cluster: ClusterInfo; namespace: string; filter: string }) {
  const type = TYPES.find((one) => cluster.types.some(({ type: served }) => served === one));
  const types = useMemo(() => (type ? [type] : []), [type]);
  const gathered = useStore(useGathered(cluster.name, types, namespace, eventOf));
  const events = useMemo(() => [...gathered.items.values()], [gathered]);
  const now = useStore(clock);
  const whole = useMemo<Span>(() => {
    const to = Math.ceil(now / 5_000) * 5_000;
    return { from: Math.min(to - 60_000, ...events.map(({ first }) => first || to)), to };
  }, [events, Math.ceil(now / 5_000)]);
  // Fixed once somebody has chosen it; otherwise it goes along with the time.
  const [length, setLength] = useState(3_600_000);
  const [chosen, setChosen] = useState<Span | undefined>();
  const following: Span = { from: length ? Math.max(whole.from, whole.to - length) : whole.from, to: whole.to };
  const span = chosen ?? following;
  const lanes = useMemo(() => lanesOf(events, span, filter), [events, span.from, span.to, filter]);
  const rollouts = useMemo(() => rolloutsOf(events, span), [events, span.from, span.to]);
  const isLoading = gathered.statuses[0]?.phase !== "live" && gathered.statuses[0]?.phase !== "failed" && events.length === 0;
  return (
    <>
      <GatheredState {...{ cluster, types, gathered }} />
      {type && isLoading && gathered.tooMany === 0 && <Nothing kind="loading" title="Reading events…" />}
      {type && !isLoading && gathered.tooMany === 0 && (
        <>
          <div className="events-tools">
            <div className="segments" role="group" aria-label="How far back">
              {SPANS.map(([title, ms]) => (
                <button key={title} type="button" aria-pressed={chosen === undefined && length === ms} onClick={() => (setLength(ms), setChosen(undefined))}>{title}</button>
              ))}
            </div>
            <button type="button" aria-label="Less time" onClick={() => setChosen(zoomed(span, 0.5, whole))}>+</button>
            <button type="button" aria-label="More time" onClick={() => setChosen(zoomed(span, 2, whole))}>−</button>
            {chosen && <button type="button" onClick={() => setChosen(undefined)}>Go along with the time</button>}
            <span className="muted" role="status">{count(lanes.length)} objects, {clockTime(span.from)} to {clockTime(span.to)}{rollouts.length > 0 && `, ${count(rollouts.length)} rollouts`}</span>
          </div>
          {lanes.length === 0 ? (
            <Nothing kind="empty" title={filter ? `No event says “${filter}”.` : "Nothing happened in this time."}>
              {events.length > 0 && <p>{count(events.length)} events lie at other times, or say other words.</p>}
            </Nothing>
          ) : (
            <>
              <Timeline lanes={lanes.slice(0, LANES)} {...{ span, whole, rollouts }} onSpan={setChosen} />
              {lanes.length > LANES && <p className="muted">And {count(lanes.length - LANES)} more objects; a part of a name, or less time, shows them.</p>}
              <List lanes={lanes} cluster={cluster} now={now} />
            </>
          )}
        </>
      )}
    </>
  );
}

interface TimelineProps {
  readonly lanes: readonly Lane[];
  readonly span: Span;
  readonly whole: Span;
  readonly rollouts: ReturnType<typeof rolloutsOf>;
  readonly onSpan: (span: Span) => void;
}

function Timeline({ lanes, span, whole, rollouts, onSpan }: TimelineProps) {
  const field = useRef<HTMLDivElement>(null);
  const [brush, setBrush] = useState<{ from: number; to: number } | undefined>();
  const share = (at: number) => Math.min(1, Math.max(0, (at - span.from) / (span.to - span.from)));
  const at = (event: { clientX: number }) => {
    const box = field.current?.getBoundingClientRect();
    if (!box) return span.from;
    return span.from + Math.min(1, Math.max(0, (event.clientX - box.left) / box.width)) * (span.to - span.from);
  };
  function press(event: KeyboardEvent) {
    const next = {
      ArrowLeft: () => panned(span, -0.25, whole), ArrowRight: () => panned(span, 0.25, whole),
      "+": () => zoomed(span, 0.5, whole), "=": () => zoomed(span, 0.5, whole), "-": () => zoomed(span, 2, whole),
      Home: () => panned(span, -1e6, whole), End: () => panned(span, 1e6, whole),
    }[event.key];
    if (!next || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    event.stopPropagation();
    onSpan(next());
  }
  // Not by React: its listener could not keep the page from scrolling.
  useEffect(() => {
    const box = field.current;
    const turn = (event: WheelEvent) => {
      if (!event.ctrlKey) return;
      event.preventDefault();
      onSpan(zoomed(span, event.deltaY > 0 ? 1.25 : 0.8, whole, at(event)));
    };
    box?.addEventListener("wheel", turn, { passive: false });
    return () => box?.removeEventListener("wheel", turn);
  });
  function down(event: PointerEvent) {
    if (event.button !== 0 || (event.target as Element).closest("button")) return;
    field.current?.setPointerCapture(event.pointerId);
    setBrush({ from: at(event), to: at(event) });
  }
  function up(event: PointerEvent) {
    // Where it was let go: the last move may not have been drawn yet.
    const end = at(event);
    const drawn = brush && { from: Math.min(brush.from, end), to: Math.max(brush.from, end) };
    setBrush(undefined);
    if (drawn && share(drawn.to) - share(drawn.from) > 0.01) onSpan(zoomed(drawn, 1, whole));
  }
  const percent = (value: number) => `${(value * 100).toFixed(3)}%`;
  return (
    <div className="timeline" role="group" tabIndex={0} aria-label="Timeline: arrow keys move, plus and minus change how much time is shown. The table below tells the same." onKeyDown={press}>
      <ul className="timeline-names">
        {lanes.map(({ key, about, warnings }) => (
          <li key={key} title={`${about.kind} ${about.name}${about.namespace && ` in ${about.namespace}`}`}>
            <StateDot tone={warnings > 0 ? "bad" : "calm"} /><span>{about.name || about.kind}</span>
          </li>
        ))}
      </ul>
      <div ref={field} className="timeline-field" aria-hidden="true" onPointerDown={down} onPointerMove={(event) => brush && setBrush({ ...brush, to: at(event) })} onPointerUp={up} onPointerCancel={() => setBrush(undefined)}>
        {rollouts.map(({ at: when, name, message }) => <span key={`${name} ${when} ${message}`} className="timeline-rollout" style={{ left: percent(share(when)) }} title={`Rollout of ${name}: ${message}`} />)}
        {lanes.map(({ key, events }) => (
          <div key={key} className="timeline-lane">
            {events.map((event) => (
              <span
                key={event.id}
                className={`timeline-mark${event.isWarning ? " warning" : ""}`}
                style={{ left: percent(share(event.first)), width: `max(10px, ${percent(share(event.last) - share(event.first))})` }}
                title={`${clockTime(event.last)} ${event.reason}: ${event.message}${event.count > 1 ? ` (${count(event.count)} times)` : ""}`}
              >
                {event.count > 1 ? count(event.count) : ""}
              </span>
            ))}
          </div>
        ))}
        {brush && <span className="timeline-brush" style={{ left: percent(share(Math.min(brush.from, brush.to))), width: percent(Math.abs(share(brush.to) - share(brush.from))) }} />}
        <div className="timeline-axis">
          {ticksOf(span, TICKS).map((tick) => <span key={tick} style={{ left: percent(share(tick)) }}>{clockTime(tick)}</span>)}
        </div>
      </div>
    </div>
  );
}

function List({ lanes, cluster, now }: { lanes: readonly Lane[]; cluster: ClusterInfo; now: number }) {
  const events = useMemo(
    () => lanes.flatMap((lane) => lane.events).sort((a, b) => Number(b.isWarning) - Number(a.isWarning) || b.last - a.last),
    [lanes],
  );
  const columns: readonly Column<EventFacts>[] = [
    { title: "Last", cell: (one) => <time dateTime={new Date(one.last).toISOString()} title={clockTime(one.last)}>{age((now - one.last) / 1000)}</time> },
    { title: "Kind", cell: (one) => <span className={one.isWarning ? "status bad" : "status calm"}><StateDot tone={one.isWarning ? "bad" : "calm"} />{one.isWarning ? "Warning" : "Normal"}</span> },
    { title: "Reason", cell: (one) => one.reason },
    { title: "About", cell: (one) => <About event={one} cluster={cluster} /> },
    { title: "Message", cell: (one) => <span className="event-message">{one.message}</span> },
    { title: "Times", cell: (one) => count(one.count), className: "number" },
  ];
  return (
    <>
      <Table label="Events" items={events.slice(0, LISTED)} idOf={(one) => one.id} columns={columns} empty="Nothing happened in this time." />
      {events.length > LISTED && <p className="muted">The first {count(LISTED)} of {count(events.length)}.</p>}
    </>
  );
}

function About({ event, cluster }: { event: EventFacts; cluster: ClusterInfo }) {
  const { about } = event;
  const text = `${about.kind} ${about.name}`;
  const type = cluster.types.find((one) => one.kind === about.kind && one.group === about.group)?.type;
  if (!type) return <span>{text}</span>;
  const to = { ...NOWHERE, cluster: cluster.name, type, name: about.name, inNamespace: about.namespace, alone: "object" };
  return (
    <a href={formatPlace(to)} onClick={(click) => { if (click.metaKey || click.ctrlKey || click.shiftKey || click.button !== 0) return; click.preventDefault(); go(to); }}>{text}</a>
  );
}
