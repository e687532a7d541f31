/** One type of one cluster as a live table, with everything that says how complete and how fresh it is. */
import { useCallback, useDeferredValue, useEffect, useMemo, useRef, useState, useSyncExternalStore, type KeyboardEvent } from "react";
import type { ClusterInfo, TypeInfo, ViewSpec } from "../feed/messages";
import { go, type Place } from "../location";
import { Store, useStore } from "../store";
import { BY_NAME, type Row, type Sort } from "../table/model";
import { useAges } from "./ages";
import { clock } from "./clock";
import { columnsOf } from "./columns";
import { useSession } from "./context";
import { count, literal, titleOf } from "./format";
import { freshnessOf } from "./freshness";
import { Grid } from "./Grid";
import { ColumnsIcon, PauseIcon, PlayIcon, SearchIcon, WarnIcon } from "./icons";
import { Nothing } from "./Nothing";
import { useTableView, type TableView } from "./views";
import type { Shown } from "./Workbench";

interface Props {
  readonly place: Place;
  readonly cluster: ClusterInfo | undefined;
  readonly type: TypeInfo | undefined;
  readonly isCatalogKnown: boolean;
  readonly shown: Store<Shown | undefined>;
  readonly onHelp: () => void;
}

export function ResourceView({ place, cluster, type, isCatalogKnown, shown, onHelp }: Props) {
  // Until the catalog is there, nobody knows whether a type has namespaces: "**" selects both.
  const isClusterScoped = type !== undefined && !type.namespaced;
  const spec = useMemo<ViewSpec>(
    () => ({
      cluster: place.cluster,
      type: place.type,
      namespaces: [isClusterScoped ? "cluster" : place.namespace ? literal(place.namespace) : "**"],
      names: [],
      detail: "rows",
    }),
    [place.cluster, place.type, place.namespace, isClusterScoped],
  );
  if (!isCatalogKnown) return <Nothing kind="loading" title="Asking what you may see…" />;
  return <Table {...{ place, cluster, type, shown, onHelp, spec }} />;
}

function Table({ place, cluster, type, shown, onHelp, spec }: Omit<Props, "isCatalogKnown"> & { spec: ViewSpec }) {
  const view = useTableView(spec);
  const { model, status: statusStore } = view;
  const [sort, setSort] = useState<Sort>(BY_NAME);
  const [isWide, setWide] = useState(false);
  const grid = useRef<HTMLDivElement>(null);
  const filterField = useRef<HTMLInputElement>(null);
  const order = useSyncExternalStore(model.subscribeOrder, model.getOrder);
  const now = useAges(statusStore, cluster);
  // Where only one namespace is to be seen, its name in every row says nothing.
  const hasNamespace = (type?.namespaced ?? false) && place.namespace === "" && cluster?.namespaces.length !== 1;
  const columns = useMemo(() => columnsOf(type, hasNamespace, isWide), [type?.columns, hasNamespace, isWide]);
  const title = type ? titleOf(type) : place.type;
  const deferred = useDeferredValue(place.filter);

  useEffect(() => model.setSort(sort), [model, sort]);
  useEffect(() => model.setFilter(deferred), [model, deferred]);
  useEffect(() => {
    shown.set({ model, status: statusStore });
    return () => shown.set(undefined);
  }, [shown, model, statusStore]);

  const openObject = useCallback((row: Row) => go({ name: row.name, inNamespace: row.namespace }), []);
  const freeze = useCallback(() => model.setFrozen(!model.isFrozen), [model]);

  function key(event: KeyboardEvent, row: Row | undefined) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "/") filterField.current?.focus();
    else if (event.key === "z") freeze();
    else if (event.key === "c" && row) void navigator.clipboard?.writeText(row.name);
    else if (event.key === "?") onHelp();
    else if (event.key === "Escape") go(place.name ? { name: "", inNamespace: "" } : { filter: "" }, "replace");
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  function filterKey(event: KeyboardEvent) {
    if (event.key === "Escape" && place.filter) go({ filter: "" }, "replace");
    else if (event.key === "Escape" || event.key === "Enter" || event.key === "ArrowDown") grid.current?.focus();
    else return;
    event.preventDefault();
  }

  return (
    <section className="resource" aria-label={title}>
      <div className="toolbar">
        <h1>{title}</h1>
        <Tally view={view} shown={order.length} />
        <span className="spring" />
        {type?.namespaced !== false && <NamespacePicker place={place} cluster={cluster} />}
        <div className="field filter">
          <SearchIcon />
          <input
            ref={filterField}
            type="search"
            aria-label={`Filter ${title}`}
            aria-keyshortcuts="/"
            placeholder="Filter  /"
            value={place.filter}
            onChange={(event) => go({ filter: event.target.value }, "replace")}
            onKeyDown={filterKey}
          />
        </div>
        {type?.columns.some((column) => column.priority > 0) && (
          <button type="button" className="quiet square" aria-pressed={isWide} aria-label="More columns" title="More columns" onClick={() => setWide(!isWide)}>
            <ColumnsIcon />
          </button>
        )}
        <button
          type="button"
          className="quiet square"
          aria-pressed={model.isFrozen}
          aria-label="Hold still"
          title={model.isFrozen ? "Move again (z)" : "Hold still (z)"}
          onClick={freeze}
        >
          {model.isFrozen ? <PlayIcon /> : <PauseIcon />}
        </button>
      </div>
      <Banners view={view} cluster={cluster} type={type} />
      <div className="grid-place">
        <Grid
          label={`${title}${place.namespace ? ` in ${place.namespace}` : ""}`}
          model={model}
          columns={columns}
          sort={sort}
          now={now}
          open={place.name ? `${place.inNamespace}/${place.name}` : ""}
          element={grid}
          onSort={setSort}
          onOpen={openObject}
          onKey={key}
        />
        {order.length === 0 && <NoRows view={view} place={place} cluster={cluster} type={type} title={title} />}
      </div>
    </section>
  );
}

function Tally({ view, shown }: { view: TableView; shown: number }) {
  const { phase, gathered, expected } = useStore(view.status);
  const all = view.model.size;
  if (phase === "loading" && all === 0) {
    return <span className="tally">{count(gathered)}{expected > 0 && ` of ~${count(expected)}`}</span>;
  }
  return <span className="tally">{shown === all ? count(all) : `${count(shown)} of ${count(all)}`}</span>;
}

function NamespacePicker({ place, cluster }: { place: Place; cluster: ClusterInfo | undefined }) {
  const namespaces = cluster?.namespaces ?? [];
  const isListed = place.namespace === "" || namespaces.includes(place.namespace);
  return (
    <label className="picker">
      <span className="hush">Namespace</span>
      <select value={place.namespace} onChange={(event) => go({ namespace: event.target.value, name: "", inNamespace: "" })}>
        <option value="">All namespaces</option>
        {!isListed && <option value={place.namespace}>{place.namespace}</option>}
        {namespaces.map((name) => (
          <option key={name} value={name}>{name}</option>
        ))}
      </select>
    </label>
  );
}

function Banners({ view, cluster, type }: { view: TableView; cluster: ClusterInfo | undefined; type: TypeInfo | undefined }) {
  const { feed } = useSession();
  const link = useStore(feed.link);
  const status = useStore(view.status);
  const now = useStore(clock);
  const freshness = freshnessOf(link, status, cluster, now);
  const banners: { key: string; tone: "busy" | "bad"; text: string }[] = [];
  if (type?.condition === "forbidden") {
    banners.push({ key: "type", tone: "bad", text: type.reason || "The agent may not read this type in the cluster: that nothing is shown says nothing about what exists." });
  } else if (type?.condition === "failing") {
    banners.push({ key: "type", tone: "busy", text: type.reason || "The cluster fails to answer for this type; what is shown may be out of date." });
  } else if (type?.condition === "loading") {
    banners.push({ key: "type", tone: "busy", text: type.reason || "The agent is still reading this type: objects may be missing." });
  }
  if (freshness.isStale) banners.push({ key: "stale", tone: freshness.tone === "bad" ? "bad" : "busy", text: `${freshness.text}. ${freshness.detail}` });
  for (const notice of status.notices) banners.push({ key: notice.code + notice.message, tone: "busy", text: notice.message });
  return (
    <div className="banners">
      {banners.map(({ key, tone, text }) => (
        <p key={key} className={`banner ${tone}`}><WarnIcon /><span>{text}</span></p>
      ))}
    </div>
  );
}

function NoRows(props: { view: TableView; place: Place; cluster: ClusterInfo | undefined; type: TypeInfo | undefined; title: string }) {
  const { view, place, cluster, type, title } = props;
  const status = useStore(view.status);
  const what = title.toLowerCase() === place.type ? title : title.replace(/^./, (letter) => letter.toLowerCase());
  if (status.phase === "failed") {
    return (
      <Nothing kind="failed" title={`${title} can't be shown.`}>
        <p>{status.error?.message}</p>
        <button type="button" className="primary" onClick={view.retry}>Try again</button>
      </Nothing>
    );
  }
  if (view.model.size > 0) {
    return (
      <Nothing kind="empty" title={`No ${what} match “${place.filter}”.`}>
        <p>The filter hides {count(view.model.size)}.</p>
        <button type="button" onClick={() => go({ filter: "" }, "replace")}>Clear the filter</button>
      </Nothing>
    );
  }
  if (!cluster || !type) return <Hidden />;
  if (status.phase !== "live") {
    const of = status.expected > 0 ? ` of ~${count(status.expected)}` : "";
    return <Nothing kind="loading" title={status.phase === "loading" ? `Loading ${count(status.gathered)}${of} ${what}…` : `Opening ${what}…`} />;
  }
  if (type.condition === "forbidden") return <Nothing kind="hidden" title="Nothing can be shown here.">The agent may not read {what} in this cluster.</Nothing>;
  if (type.condition === "loading") return <Nothing kind="loading" title={`The agent is still reading ${what}…`} />;
  if (place.namespace && !cluster.namespaces.includes(place.namespace)) return <Hidden />;
  return (
    <Nothing kind="empty" title={place.namespace ? `No ${what} in ${place.namespace}.` : `No ${what} in ${cluster.name}.`}>
      <p>There are none where you may look. New ones appear here by themselves.</p>
    </Nothing>
  );
}

function Hidden() {
  return (
    <Nothing kind="hidden" title="Nothing here is visible to you.">
      <p>Either it does not exist or policy excludes it. Should that change, it appears here by itself.</p>
    </Nothing>
  );
}
