/** Draws what belongs to what: ownership, the way of a request, or who chooses which pods; and tells the same as a list. */
import { useDeferredValue, useEffect, useMemo, useRef, useState, type KeyboardEvent } from "react";
import type { ClusterInfo, ViewStatus } from "../feed/messages";
import { useGathered } from "../gathered/use-gathered";
import { GatheredState } from "../gathered/GatheredState";
import { groupBy } from "../group-by";
import { formatPlace, NOWHERE, type Place } from "../location";
import type { PageProps } from "../pages";
import { Frame } from "../pages/parts";
import { useStore } from "../store";
import { count } from "../ui/format";
import { healthOf } from "../ui/health";
import { Nothing } from "../ui/Nothing";
import type { Tone } from "../ui/freshness";
import { StateDot } from "../ui/StateDot";
import { go } from "../workbench/tabs";
import { factsOf, type Facts } from "./facts";
import { graphOf, rolledUp, TYPES, type Graph, type Mode, type Node } from "./graph";
import { placed, type Placed } from "./layout";

const MODES: readonly (readonly [Mode, string])[] = [["ownership", "Ownership"], ["network", "Network"], ["selectors", "Selectors"]];
const WIDTH = 190;
const HEIGHT = 38;
const GAP_X = 64;
const GAP_Y = 8;
const ZOOMS = [0.4, 0.55, 0.75, 1, 1.3];
const FARES: Record<Tone, string> = { good: "fares well", busy: "is not settled", bad: "is in trouble", calm: "" };

export default function TopologyPage({ catalog, place }: PageProps) {
  const cluster = catalog?.clusters.find((one) => one.name === place.cluster) ?? catalog?.clusters[0];
  const mode = MODES.find(([id]) => id === place.tab)?.[0] ?? "ownership";
  return (
    <Frame
      title="Topology"
      about="What belongs to what, live: by owners, by the way of a request, or by selectors."
      actions={<Tools cluster={cluster} place={place} mode={mode} />}
    >
      {!catalog ? <Nothing kind="loading" title="Asking what you may see…" /> : !cluster ? <Nothing kind="hidden" title="No cluster is visible to you." /> : (
        <Topology key={`${cluster.name}/${mode}/${place.namespace}`} {...{ cluster, mode, place }} />
      )}
    </Frame>
  );
}

function Tools({ cluster, place, mode }: { cluster: ClusterInfo | undefined; place: Place; mode: Mode }) {
  return (
    <div className="page-filter">
      <label className="picker"><span className="hush">What is drawn</span>
        <select value={mode} onChange={(event) => go({ tab: event.target.value }, "replace")}>
          {MODES.map(([id, title]) => <option key={id} value={id}>{title}</option>)}
        </select>
      </label>
      <label className="picker"><span className="hush">Namespace</span>
        <select value={place.namespace} onChange={(event) => go({ namespace: event.target.value }, "replace")}>
          <option value="">All namespaces</option>
          {(cluster?.namespaces ?? []).map((name) => <option key={name} value={name}>{name}</option>)}
        </select>
      </label>
      <label><span className="hush">Part of a name</span>
        <input type="search" data-first placeholder="Part of a name" value={place.filter} onChange={(event) => go({ filter: event.target.value }, "replace")} />
      </label>
    </div>
  );
}

function Topology({ cluster, mode, place }: { cluster: ClusterInfo; mode: Mode; place: Place }) {
  const types = useMemo(() => TYPES[mode].filter((type) => cluster.types.some((one) => one.type === type)), [cluster.types.map(({ type }) => type).join(" "), mode]);
  const gathered = useStore(useGathered(cluster.name, types, place.namespace, factsOf));
  const filter = useDeferredValue(place.filter.trim());
  const toneOf = useMemo(() => toneBy(cluster), [cluster.types]);
  const graph = useMemo(() => graphOf(mode, [...gathered.items.values()], toneOf, filter), [gathered, mode, toneOf, filter]);
  const fares = useMemo(() => rolledUp(graph), [graph]);
  return (
    <>
      <GatheredState {...{ cluster, types, gathered }} />
      {gathered.tooMany === 0 && graph.nodes.length === 0 && <None statuses={gathered.statuses} filter={filter} where={place.namespace} />}
      {graph.nodes.length > 0 && (
        <div className="topology">
          <p className="muted" role="status">
            {count(graph.objects)} objects{graph.isGrouped && `, drawn as ${count(graph.nodes.length)}: what belongs together stands together`}
          </p>
          <Drawing graph={graph} fares={fares} cluster={cluster} />
          <List graph={graph} fares={fares} cluster={cluster} />
        </div>
      )}
    </>
  );
}

function None({ statuses, filter, where }: { statuses: readonly (ViewStatus | undefined)[]; filter: string; where: string }) {
  if (statuses.length > 0 && !statuses.every((one) => one?.phase === "live" || one?.phase === "failed")) return <Nothing kind="loading" title="Reading what there is…" />;
  if (filter) {
    return (
      <Nothing kind="empty" title={`Nothing is named like “${filter}”.`}>
        <button type="button" onClick={() => go({ filter: "" }, "replace")}>Whatever the name</button>
      </Nothing>
    );
  }
  return <Nothing kind="empty" title={where ? `Nothing to draw in ${where}.` : "Nothing to draw."}><p>There is nothing of these types where you may look. What appears is drawn by itself.</p></Nothing>;
}

/** By the column that stands for health; else by how many of those that are wanted are ready. */
function toneBy(cluster: ClusterInfo): (facts: Facts) => Tone {
  const columns = new Map(cluster.types.map(({ type, columns: all }) => [type, {
    status: all.findIndex(({ kind }) => kind === "status"),
    ready: all.findIndex(({ name }) => name === "Ready" || name === "Completions"),
  }]));
  return ({ type, cells }) => {
    const { status = -1, ready = -1 } = columns.get(type) ?? {};
    if (status >= 0) return healthOf(String(cells[status] ?? ""));
    const [are, wanted] = /^(\d+)\/(\d+)$/.exec(String(cells[ready] ?? ""))?.slice(1).map(Number) ?? [];
    if (are === undefined || wanted === undefined) return "calm";
    return are >= wanted ? "good" : are === 0 ? "bad" : "busy";
  };
}

interface Drawn {
  readonly graph: Graph;
  readonly fares: ReadonlyMap<string, Tone>;
  readonly cluster: ClusterInfo;
}

const kindOf = (cluster: ClusterInfo, type: string) => cluster.types.find((one) => one.type === type)?.kind ?? type.split(".")[0] ?? type;

function told(node: Node, cluster: ClusterInfo, tone: Tone): string {
  const what = node.count > 1 ? `${count(node.count)} ${kindOf(cluster, node.type)}s of ${node.name}` : `${kindOf(cluster, node.type)} ${node.name}`;
  return [what, node.namespace && `in ${node.namespace}`, node.isUnseen && "not visible to you", FARES[tone]].filter(Boolean).join(", ");
}

/** Where a node leads: an object to its page, a group to its table. */
function placeOf(node: Node, cluster: ClusterInfo): Partial<Place> | undefined {
  if (node.isUnseen) return undefined;
  const to = { ...NOWHERE, cluster: cluster.name, type: node.type };
  if (node.count > 1) return { ...to, namespace: node.namespace, labels: node.label };
  return { ...to, name: node.name, inNamespace: node.namespace, alone: "object" };
}

function Drawing({ graph, fares, cluster }: Drawn) {
  const places = useMemo(() => placed(graph.nodes, graph.edges), [graph]);
  const [zoom, setZoom] = useState(3);
  const [active, setActive] = useState("");
  const frame = useRef<HTMLDivElement>(null);
  const byId = useMemo(() => new Map(places.map((one) => [one.node.id, one])), [places]);
  const current = byId.has(active) ? active : (places[0]?.node.id ?? "");
  const scale = ZOOMS[zoom] ?? 1;
  const width = (Math.max(...places.map(({ column }) => column)) + 1) * (WIDTH + GAP_X);
  const height = (Math.max(...places.map(({ row }) => row)) + 1) * (HEIGHT + GAP_Y);
  const [hot, setHot] = useState("");

  function press(event: KeyboardEvent) {
    const now = byId.get(current);
    if (!now) return;
    if (event.key === "+" || event.key === "=") setZoom((last) => Math.min(ZOOMS.length - 1, last + 1));
    else if (event.key === "-") setZoom((last) => Math.max(0, last - 1));
    else {
      const next = beside(places, now, event.key);
      if (!next) return;
      setActive(next.node.id);
      frame.current?.querySelector<HTMLElement>(`[data-node="${CSS.escape(next.node.id)}"]`)?.focus();
    }
    event.preventDefault();
    event.stopPropagation();
  }
  return (
    <div className="topology-drawing">
      <div className="topology-zoom">
        <button type="button" aria-label="Smaller" disabled={zoom === 0} onClick={() => setZoom(zoom - 1)}>−</button>
        <button type="button" aria-label="Larger" disabled={zoom === ZOOMS.length - 1} onClick={() => setZoom(zoom + 1)}>+</button>
      </div>
      <div ref={frame} className="topology-frame" role="group" aria-label="Drawing: arrow keys go from one to the next" onKeyDown={press}>
        <div className="topology-canvas" style={{ width: width * scale, height: height * scale }}>
          <div style={{ width, height, transform: `scale(${scale})`, transformOrigin: "0 0" }}>
            <svg width={width} height={height} aria-hidden="true" focusable="false">
              {graph.edges.map(({ from, to }) => {
                const [a, b] = [byId.get(from), byId.get(to)];
                return a && b && <path key={`${from} ${to}`} className={hot === from || hot === to ? "hot" : undefined} d={curve(a, b)} />;
              })}
            </svg>
            {places.map(({ node, column, row }) => {
              const tone = fares.get(node.id) ?? "calm";
              const to = placeOf(node, cluster);
              return (
                <button
                  key={node.id}
                  type="button"
                  data-node={node.id}
                  className={`topology-node ${tone}${node.count > 1 ? " group" : ""}`}
                  style={{ left: column * (WIDTH + GAP_X), top: row * (HEIGHT + GAP_Y), width: WIDTH, height: HEIGHT }}
                  tabIndex={node.id === current ? 0 : -1}
                  aria-disabled={to === undefined}
                  title={told(node, cluster, tone)}
                  onFocus={() => (setActive(node.id), setHot(node.id))}
                  onBlur={() => setHot("")}
                  onPointerEnter={() => setHot(node.id)}
                  onPointerLeave={() => setHot("")}
                  onClick={() => to && go(to)}
                >
                  <StateDot tone={tone} />
                  <span className="topology-name">{node.name}</span>
                  <span className="topology-kind muted">{node.count > 1 && `${count(node.count)} × `}{kindOf(cluster, node.type)}{node.isUnseen && " (not visible)"}</span>
                  <span className="hush">{[node.namespace && `in ${node.namespace}`, FARES[tone]].filter(Boolean).join(", ")}</span>
                </button>
              );
            })}
          </div>
        </div>
      </div>
    </div>
  );
}

function curve(a: Placed, b: Placed): string {
  const [x1, y1] = [a.column * (WIDTH + GAP_X) + WIDTH, a.row * (HEIGHT + GAP_Y) + HEIGHT / 2];
  const [x2, y2] = [b.column * (WIDTH + GAP_X), b.row * (HEIGHT + GAP_Y) + HEIGHT / 2];
  const middle = (x1 + x2) / 2;
  return `M${x1},${y1} C${middle},${y1} ${middle},${y2} ${x2},${y2}`;
}

/** The neighbour that an arrow key leads to: in the column, or the nearest one in the column beside it. */
function beside(places: readonly Placed[], now: Placed, key: string): Placed | undefined {
  const within = (column: number) => places.filter((one) => one.column === column);
  const nearest = (column: number) => within(column).sort((a, b) => Math.abs(a.row - now.row) - Math.abs(b.row - now.row))[0];
  switch (key) {
    case "ArrowDown": return within(now.column).find(({ row }) => row > now.row);
    case "ArrowUp": return within(now.column).findLast(({ row }) => row < now.row);
    case "ArrowRight": return nearest(now.column + 1);
    case "ArrowLeft": return nearest(now.column - 1);
    case "Home": return places[0];
    case "End": return places.at(-1);
    default: return undefined;
  }
}

/** The same as text: what is in trouble first, and under each what it leads to. */
function List({ graph, fares, cluster }: Drawn) {
  const [isOpen, setOpen] = useState(false);
  const groups = useMemo(() => {
    const after = groupBy(graph.edges, ({ from }) => from);
    const byId = new Map(graph.nodes.map((node) => [node.id, node]));
    const order: Record<Tone, number> = { bad: 0, busy: 1, good: 2, calm: 3 };
    return [...graph.nodes]
      .sort((a, b) => order[fares.get(a.id) ?? "calm"] - order[fares.get(b.id) ?? "calm"] || a.namespace.localeCompare(b.namespace) || a.name.localeCompare(b.name))
      .map((node) => ({ node, leads: (after.get(node.id) ?? []).flatMap(({ to }) => byId.get(to) ?? []) }))
      .filter(({ node, leads }) => leads.length > 0 || !graph.edges.some(({ to }) => to === node.id));
  }, [graph, fares]);
  useEffect(() => setOpen(window.matchMedia("(max-width: 720px)").matches), []);
  return (
    <details className="topology-list" open={isOpen} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>As a list</summary>
      {isOpen && (
        <ul>
          {groups.map(({ node, leads }) => (
            <li key={node.id}>
              <NodeLink {...{ node, cluster }} tone={fares.get(node.id) ?? "calm"} />
              {leads.length > 0 && <ul>{leads.map((one) => <li key={one.id}><NodeLink node={one} cluster={cluster} tone={fares.get(one.id) ?? "calm"} /></li>)}</ul>}
            </li>
          ))}
        </ul>
      )}
    </details>
  );
}

function NodeLink({ node, cluster, tone }: { node: Node; cluster: ClusterInfo; tone: Tone }) {
  const to = placeOf(node, cluster);
  const text = told(node, cluster, tone);
  return (
    <span className="topology-line">
      <StateDot tone={tone} />
      {to ? <a href={formatPlace({ ...NOWHERE, ...to })} onClick={(event) => { if (event.metaKey || event.ctrlKey || event.shiftKey || event.button !== 0) return; event.preventDefault(); go(to); }}>{text}</a> : <span>{text}</span>}
    </span>
  );
}
