/** One type of one cluster as a live table, with everything that says how complete and how fresh it is. */
import { lazy, Suspense, useCallback, useDeferredValue, useEffect, useMemo, useRef, useState, useSyncExternalStore, type KeyboardEvent, type RefObject } from "react";
import type { ClusterInfo, TypeInfo, ViewSpec } from "../feed/messages";
import type { Place } from "../location";
import type { WhyQuestion } from "../access/WhyDialog";
import { bulkDeedsOf, type Deed } from "../operations/actions";
import { hasLogs, hasTerminal, targetOf, type Target } from "../operations/target";
import { Store, useStore } from "../store";
import type { SeenRow } from "../table/remote-table";
import { sortFrom, sortWord } from "../table/sorting";
import type { Sort } from "../table/table-view";
import { useAges } from "./ages";
import { clock } from "./clock";
import { rememberChoice, rememberedChoice, type ColumnChoice } from "./column-choice";
import { columnsOf } from "./columns";
import { useSession } from "./context";
import { count, literal, titleOf } from "./format";
import { freshnessOf } from "./freshness";
import { Grid, useIsNarrow } from "./Grid";
import { PauseIcon, PlayIcon, SearchIcon, WarnIcon } from "./icons";
import { Nothing } from "./Nothing";
import { ColumnPicker, download, ExportMenu, Facets } from "./TableTools";
import { LabelPicker } from "./LabelPicker";
import { ViewMenu } from "./ViewMenu";
import { FOLLOWED_AT_MOST, useUsage } from "../usage/use-usage";
import { useTableView, type TableView } from "./views";
import { go } from "../workbench/tabs";
import type { Shown } from "./Workbench";

// Its own chunk, with what runs operations.
const WhyDialog = lazy(() => import("../access/WhyDialog"));
const BulkDialog = lazy(() => import("../operations/BulkDialog"));

interface Props {
  readonly place: Place;
  readonly cluster: ClusterInfo | undefined;
  readonly type: TypeInfo | undefined;
  readonly isCatalogKnown: boolean;
  /** Where to say what is shown, while this is what the status bar tells of. */
  readonly shown: Store<Shown | undefined> | undefined;
  /** Whether it can be seen: a table that nobody has seen for a while holds no stream. */
  readonly isSeen: boolean;
  readonly onHelp: () => void;
}

/** A tab that is gone back to within this time is as it was. */
const SLEEP_MS = 30_000;

export function ResourceView({ place, cluster, type, isCatalogKnown, shown, isSeen, onHelp }: Props) {
  const hasMarks = useRef(false);
  const isAsleep = useSleep(isSeen, hasMarks);
  // Until the catalog is there, nobody knows whether a type has namespaces: "**" selects both.
  const isClusterScoped = type !== undefined && !type.namespaced;
  const spec = useMemo<ViewSpec>(
    () => ({
      cluster: place.cluster,
      type: place.type,
      namespaces: [isClusterScoped ? "cluster" : place.namespace ? literal(place.namespace) : "**"],
      names: [],
      labels: place.labels,
      detail: "rows",
    }),
    [place.cluster, place.type, place.namespace, place.labels, isClusterScoped],
  );
  if (!isCatalogKnown) return <Nothing kind="loading" title="Asking what you may see…" />;
  if (isAsleep) return null;
  return <Table {...{ place, cluster, type, shown, onHelp, spec, hasMarks }} />;
}

/** Whether nobody has looked for a while, and nothing that was marked would be lost. */
function useSleep(isSeen: boolean, hasMarks: RefObject<boolean>): boolean {
  const [isAsleep, setAsleep] = useState(false);
  useEffect(() => {
    setAsleep(false);
    if (isSeen) return;
    const timer = setInterval(() => !hasMarks.current && setAsleep(true), SLEEP_MS);
    return () => clearInterval(timer);
  }, [isSeen, hasMarks]);
  return isAsleep && !isSeen;
}

interface TableProps extends Omit<Props, "isCatalogKnown" | "isSeen"> {
  readonly spec: ViewSpec;
  readonly hasMarks: RefObject<boolean>;
}

function Table({ place, cluster, type, shown, onHelp, spec, hasMarks }: TableProps) {
  const view = useTableView(spec);
  const { table, status: statusStore } = view;
  const { feed, subject } = useSession();
  const [choice, setChoice] = useColumnChoice(subject, place.type);
  const [bulk, setBulk] = useState<{ deed: Deed; targets: readonly Target[] } | undefined>();
  const [why, setWhy] = useState<WhyQuestion | undefined>();
  const grid = useRef<HTMLDivElement>(null);
  const filterField = useRef<HTMLInputElement>(null);
  const outline = useSyncExternalStore(table.subscribeOutline, table.getOutline);
  hasMarks.current = outline.markedCount > 0;
  const now = useAges(statusStore, cluster);
  // Where only one namespace is to be seen, its name in every row says nothing.
  const hasNamespace = (type?.namespaced ?? false) && place.namespace === "" && cluster?.namespaces.length !== 1;
  const isNarrow = useIsNarrow();
  const usage = useUsage(cluster, place.type, place.namespace, "", !isNarrow && outline.total > 0 && outline.total <= FOLLOWED_AT_MOST);
  const columns = useMemo(() => columnsOf(type, hasNamespace, choice, usage !== undefined), [type?.columns, hasNamespace, choice, usage]);
  const title = type ? titleOf(type) : place.type;
  const deferred = useDeferredValue(place.filter);

  const titles = useMemo(() => type?.columns.map((column) => column.name) ?? [], [type?.columns]);
  const sort = useMemo(() => sortFrom(place.sort, titles), [place.sort, titles]);
  const setSort = useCallback((next: Sort) => go({ sort: sortWord(next, titles) }, "replace"), [titles]);
  // Columns that stand for health are worth choosing by.
  const facets = useMemo(() => type?.columns.flatMap((column, index) => (column.kind === "status" ? [index] : [])) ?? [], [type?.columns]);
  useEffect(() => table.turn({ sort, filter: deferred, columns: titles, facets }), [table, sort, deferred, titles, facets]);
  useEffect(() => {
    if (!shown) return;
    shown.set({ table, status: statusStore });
    return () => shown.set(undefined);
  }, [shown, table, statusStore]);

  const openObject = useCallback((row: SeenRow) => go({ name: row.name, inNamespace: row.namespace }), []);
  const freeze = useCallback(() => table.turn({ isFrozen: !table.look.isFrozen }), [table]);

  const deeds = useMemo(() => bulkDeedsOf(place.type), [place.type]);
  /** Does it to what is marked, or else to the row. */
  async function doIt(deed: Deed | undefined, row?: SeenRow) {
    if (!deed) return;
    const rows = outline.markedCount > 0 ? await view.all("marked") : row ? [row] : [];
    if (rows.length > 0) setBulk({ deed, targets: rows.map(targetOf) });
  }
  async function saveYaml() {
    const [{ objectsAsYaml }, rows] = await Promise.all([import("../operations/export-yaml"), view.all("marked")]);
    download(`${place.type}.yaml`, "application/yaml", await objectsAsYaml(feed, rows.map(targetOf)));
  }
  const ask = (row?: SeenRow) =>
    setWhy({ cluster: place.cluster, type: place.type, namespace: row?.namespace ?? place.namespace, name: row?.name ?? "", verbs: [] });
  const openPart = (row: SeenRow, tab: string) => go({ name: row.name, inNamespace: row.namespace, tab });

  function key(event: KeyboardEvent, row: SeenRow | undefined) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "/") filterField.current?.focus();
    else if (event.key === "z") freeze();
    else if (event.key === "c" && row) void navigator.clipboard?.writeText(row.name);
    else if (event.key === "d" && row) openObject(row);
    else if (event.key === "y" && row) openPart(row, "yaml");
    else if (event.key === "l" && row && hasLogs(row.type)) openPart(row, "logs");
    else if (event.key === "s" && row && hasTerminal(row.type)) openPart(row, "terminal");
    else if (event.key === "e" && row) openPart(row, "edit");
    else if (event.key === "o" && row) openPart(row, "related");
    else if (event.key === "r") void doIt(deeds.find((deed) => deed.id === "restart"), row);
    else if (event.key === "S") void doIt(deeds.find((deed) => deed.id === "scale"), row);
    else if (event.key === "Delete") void doIt(deeds.find((deed) => deed.id === "delete"), row);
    else if (event.key === "w") ask(row);
    else if (event.key === "?") onHelp();
    else if (event.key === "Escape" && !place.name && outline.markedCount > 0) table.mark({ is: "none" });
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
    <div className="resource" role="group" aria-label={title}>
      <div className="toolbar">
        <h1>{title}</h1>
        <Tally view={view} total={outline.total} shown={outline.shown} />
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
        <LabelPicker place={place} spec={spec} />
        <ViewMenu place={place} title={title} />
        {type && <ColumnPicker type={type} choice={choice} onChoice={setChoice} />}
        <ExportMenu view={view} name={[place.cluster, place.type, place.namespace].filter(Boolean).join("-")} columns={columns.filter((column) => !column.usage)} outline={outline} onYaml={() => void saveYaml()} />
        <button
          type="button"
          className="quiet square"
          aria-pressed={outline.isFrozen}
          aria-label="Hold still"
          title={outline.isFrozen ? "Move again (z)" : "Hold still (z)"}
          onClick={freeze}
        >
          {outline.isFrozen ? <PlayIcon /> : <PauseIcon />}
        </button>
      </div>
      {type && <Facets type={type} outline={outline} filter={place.filter} onFilter={(filter) => go({ filter }, "replace")} />}
      {outline.markedCount > 0 && (
        <div className="bulk-bar" role="toolbar" aria-label="What is marked">
          <span>{count(outline.markedCount)} marked</span>
          {deeds.map((deed) => (
            <button key={deed.id} type="button" className={deed.id === "delete" ? "danger" : ""} title={deed.consequence} onClick={() => void doIt(deed)}>{deed.title}</button>
          ))}
          <button type="button" className="quiet" onClick={() => table.mark({ is: "none" })}>Unmark</button>
        </div>
      )}
      {outline.fault && <p className="banner busy" role="status"><WarnIcon /><span>{outline.fault}. Nothing is filtered.</span></p>}
      <Banners view={view} cluster={cluster} type={type} />
      <div className="grid-place">
        <Grid
          label={`${title}${place.namespace ? ` in ${place.namespace}` : ""}`}
          table={table}
          columns={columns}
          sort={sort}
          now={now}
          usage={usage}
          open={place.name ? `${place.inNamespace}/${place.name}` : ""}
          element={grid}
          onSort={setSort}
          onOpen={openObject}
          onKey={key}
        />
        {!outline.isFrozen && outline.waiting > 0 && <Waiting count={outline.waiting} onMove={() => table.turn({ isHeld: false })} />}
        {outline.shown === 0 && <NoRows onWhy={() => ask()} view={view} total={outline.total} place={place} cluster={cluster} type={type} title={title} />}
      </div>
      {why && <Suspense fallback={null}><WhyDialog question={why} onClose={() => (setWhy(undefined), grid.current?.focus())} /></Suspense>}
      {bulk && (
        <Suspense fallback={null}>
          <BulkDialog deed={bulk.deed} targets={bulk.targets} kind={title.toLowerCase()} onClose={() => (setBulk(undefined), grid.current?.focus())} />
        </Suspense>
      )}
    </div>
  );
}

function useColumnChoice(subject: string, type: string): [ColumnChoice, (choice: ColumnChoice) => void] {
  const [choice, setChoice] = useState(() => rememberedChoice(subject, type));
  const choose = useCallback(
    (next: ColumnChoice) => {
      rememberChoice(subject, type, next);
      setChoice(next);
    },
    [subject, type],
  );
  return [choice, choose];
}

/** Rows do not jump away under a pointer; they say that they would. */
function Waiting({ count: waiting, onMove }: { count: number; onMove: () => void }) {
  return <button type="button" className="moves-waiting" tabIndex={-1} onClick={onMove}>{count(waiting)} waiting</button>;
}

function Tally({ view, total, shown }: { view: TableView; total: number; shown: number }) {
  const { phase, gathered, expected } = useStore(view.status);
  if (phase === "loading" && total === 0) {
    return <span className="tally">{count(gathered)}{expected > 0 && ` of ~${count(expected)}`}</span>;
  }
  return <span className="tally">{shown === total ? count(total) : `${count(shown)} of ${count(total)}`}</span>;
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

function NoRows(props: { view: TableView; total: number; place: Place; cluster: ClusterInfo | undefined; type: TypeInfo | undefined; title: string; onWhy: () => void }) {
  const { view, total, place, cluster, type, title, onWhy } = props;
  const status = useStore(view.status);
  const what = title.toLowerCase() === place.type ? title : title.replace(/^./, (letter) => letter.toLowerCase());
  if (status.phase === "failed") {
    return (
      <Nothing kind="failed" title={`${title} can't be shown.`}>
        <p>{status.error?.message}</p>
        {place.labels && <button type="button" onClick={() => go({ labels: "" }, "replace")}>Whatever the labels</button>}
        <button type="button" className="primary" onClick={view.retry}>Try again</button>
      </Nothing>
    );
  }
  if (total > 0) {
    return (
      <Nothing kind="empty" title={`No ${what} match “${place.filter}”.`}>
        <p>The filter hides {count(total)}.</p>
        <button type="button" onClick={() => go({ filter: "" }, "replace")}>Clear the filter</button>
      </Nothing>
    );
  }
  if (!cluster || !type) return <Hidden onWhy={onWhy} />;
  if (status.phase !== "live") {
    const of = status.expected > 0 ? ` of ~${count(status.expected)}` : "";
    return <Nothing kind="loading" title={status.phase === "loading" ? `Loading ${count(status.gathered)}${of} ${what}…` : `Opening ${what}…`} />;
  }
  if (type.condition === "forbidden") return <Nothing kind="hidden" title="Nothing can be shown here.">The agent may not read {what} in this cluster.</Nothing>;
  if (type.condition === "loading") return <Nothing kind="loading" title={`The agent is still reading ${what}…`} />;
  if (place.labels) {
    return (
      <Nothing kind="empty" title={`No ${what} with ${place.labels}.`}>
        <p>There are none with these labels where you may look. New ones appear here by themselves.</p>
        <button type="button" onClick={() => go({ labels: "" }, "replace")}>Whatever the labels</button>
      </Nothing>
    );
  }
  if (place.namespace && !cluster.namespaces.includes(place.namespace)) return <Hidden onWhy={onWhy} />;
  return (
    <Nothing kind="empty" title={place.namespace ? `No ${what} in ${place.namespace}.` : `No ${what} in ${cluster.name}.`}>
      <p>There are none where you may look. New ones appear here by themselves.</p>
    </Nothing>
  );
}

function Hidden({ onWhy }: { onWhy: () => void }) {
  return (
    <Nothing kind="hidden" title="Nothing here is visible to you.">
      <p>Either it does not exist or policy excludes it. Should that change, it appears here by itself.</p>
      <button type="button" onClick={onWhy}>Why?</button>
    </Nothing>
  );
}
