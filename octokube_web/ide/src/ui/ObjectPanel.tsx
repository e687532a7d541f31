/** The open object: live as long as it exists and may be seen, and not a moment longer. */
import { lazy, Suspense, useEffect, useId, useMemo, useRef, useState, useSyncExternalStore, type KeyboardEvent, type PointerEvent } from "react";
import type { ClusterInfo, TypeInfo, ViewSpec } from "../feed/messages";
import type { Place } from "../location";
import { hasLogs, hasTerminal, type Target } from "../operations/target";
import { HistoryTab } from "../object/HistoryTab";
import { OverviewTab } from "../object/OverviewTab";
import { useStore } from "../store";
import { yamlOf } from "../yaml/lines";
import { useAges } from "./ages";
import { CellContent } from "./Cell";
import { clock } from "./clock";
import { useSession } from "./context";
import { literal } from "./format";
import { freshnessOf } from "./freshness";
import { CloseIcon, CopyIcon, OwnTabIcon } from "./icons";
import { usageTypeOf } from "../usage/use-usage";
import { Nothing } from "./Nothing";
import { StateDot } from "./StateDot";
import { useObjectView, type ObjectView } from "./views";
import { go, openTab } from "../workbench/tabs";
import { Yaml } from "./Yaml";

const UsageTab = lazy(() => import("../usage/UsageTab"));
const WhyDialog = lazy(() => import("../access/WhyDialog"));
const ObjectTab = lazy(() => import("../operations/ObjectTabs"));
const ActionBar = lazy(() => import("../operations/ActionBar").then((found) => ({ default: found.ActionBar })));

interface Props {
  readonly place: Place;
  readonly cluster: ClusterInfo | undefined;
  readonly type: TypeInfo | undefined;
  /** Whether its tab is the one that is worked in. */
  readonly isActive: boolean;
}

export function ObjectPanel({ place, cluster, type, isActive }: Props) {
  const spec = useMemo<ViewSpec>(
    () => ({
      cluster: place.cluster,
      type: place.type,
      namespaces: [place.inNamespace ? literal(place.inNamespace) : "cluster"],
      names: [literal(place.name)],
      detail: "objects",
    }),
    [place.cluster, place.type, place.inNamespace, place.name],
  );
  const view = useObjectView(spec, place.name);
  // What draws an object goes with it: it would keep what it drew until it draws again.
  const uid = useSyncExternalStore(view.watched.subscribe, () => view.watched.get().object?.uid ?? "");
  const panel = useRef<HTMLDivElement>(null);
  const isAlone = place.alone !== "";
  const close = () => {
    const tab = panel.current?.closest(".tab-body");
    go({ name: "", inNamespace: "" });
    // Once it is there again: in a narrow tab the panel took its place.
    requestAnimationFrame(() => tab?.querySelector<HTMLElement>(".grid")?.focus());
  };

  // Whoever opened it with the keyboard goes on inside it; Escape leads back.
  useEffect(() => {
    if (isActive) panel.current?.focus({ preventScroll: true });
  }, []);

  return (
      <div
        ref={panel}
        className={isAlone ? "panel alone" : "panel"}
        role="group"
        data-region
        aria-label={`${type?.kind ?? place.type} ${place.name}`}
        tabIndex={-1}
        onKeyDown={(event) => event.key === "Escape" && !isAlone && close()}
      >
        {!isAlone && <Resizer />}
        <header className="panel-head">
          <div className="panel-title">
            <p className="crumbs muted">{[place.cluster, place.inNamespace, type?.kind ?? place.type].filter(Boolean).join(" › ")}</p>
            <h2 title={place.name}>{place.name}</h2>
          </div>
          <CopyButton key={`copy ${uid}`} view={view} />
          {!isAlone && (
            <>
              <button
                type="button"
                className="quiet square wide-only"
                aria-label="Open in a tab of its own"
                title="Open in a tab of its own"
                onClick={() => openTab({ ...place, alone: "object" })}
              >
                <OwnTabIcon />
              </button>
              <button type="button" className="quiet square" aria-label="Close" title="Close (Esc)" onClick={close}><CloseIcon /></button>
            </>
          )}
        </header>
        <Facts key={`facts ${uid}`} view={view} type={type} cluster={cluster} />
        <Parts key={`parts ${uid}`} view={view} type={type} place={place} cluster={cluster} />
      </div>
  );
}

function Facts({ view, type, cluster }: { view: ObjectView; type: TypeInfo | undefined; cluster: ClusterInfo | undefined }) {
  const { feed } = useSession();
  const { object } = useStore(view.watched);
  const status = useStore(view.status);
  const link = useStore(feed.link);
  const now = useStore(clock);
  const freshness = freshnessOf(link, status, cluster, now);
  const ages = useAges(view.status, cluster);
  return (
      <dl className="facts">
        {object &&
          type?.columns.map((column, index) =>
            object.cells[index] === undefined || object.cells[index] === "" || column.priority > 0 ? null : (
              <div key={column.name}>
                <dt>{column.name}</dt>
                <dd><CellContent kind={column.kind} value={object.cells[index]} now={ages} /></dd>
              </div>
            ),
          )}
        {freshness.text !== "Live" && (
          <div className="fact-fresh">
            <dt>View</dt>
            <dd><StateDot tone={freshness.tone} /> {freshness.text}</dd>
          </div>
        )}
      </dl>
  );
}

/** The object's YAML and what stands beside it. An object that is gone takes all of it along. */
function Parts({ view, type, place, cluster }: { view: ObjectView; type: TypeInfo | undefined; place: Place; cluster: ClusterInfo | undefined }) {
  const { object } = useStore(view.watched);
  const target = useMemo<Target | undefined>(
    () => object && { cluster: place.cluster, type: object.type, namespace: object.namespace, name: object.name, uid: object.uid, resourceVersion: object.resourceVersion, body: object.body },
    [object, place.cluster],
  );
  const tabs = [
    { id: "", title: "Overview" },
    { id: "yaml", title: "YAML" },
    { id: "edit", title: "Edit" },
    { id: "related", title: "Related" },
    ...(hasLogs(place.type) ? [{ id: "logs", title: "Logs" }] : []),
    ...(hasTerminal(place.type) ? [{ id: "terminal", title: "Terminal" }] : []),
    ...(usageTypeOf(cluster, place.type) ? [{ id: "metrics", title: "Metrics" }] : []),
    ...(place.type === "pods" ? [{ id: "files", title: "Files" }] : []),
    ...(place.type === "secrets" ? [{ id: "values", title: "Values" }] : []),
    { id: "history", title: "History" },
    { id: "access", title: "Access" },
  ];
  const shown = tabs.some((tab) => tab.id === place.tab) ? place.tab : "";
  const id = useId();
  function walk(event: KeyboardEvent) {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const next = tabs[(tabs.findIndex((tab) => tab.id === shown) + step + tabs.length) % tabs.length];
    if (!next) return;
    go({ tab: next.id }, "replace");
    document.getElementById(`${id}-${next.id}`)?.focus();
  }
  return (
    <>
      {target && <Suspense fallback={<div className="actions" />}><ActionBar target={target} /></Suspense>}
      <div className="tabs" role="tablist" aria-label="Parts" onKeyDown={walk}>
        {tabs.map((tab) => (
          <button
            key={tab.id}
            type="button"
            id={`${id}-${tab.id}`}
            role="tab"
            aria-selected={tab.id === shown}
            aria-controls={`${id}-content`}
            tabIndex={tab.id === shown ? 0 : -1}
            onClick={() => go({ tab: tab.id }, "replace")}
          >
            {tab.title}
          </button>
        ))}
      </div>
      <div className="tab-content" id={`${id}-content`} role="tabpanel" aria-labelledby={`${id}-${shown}`}>
        {shown === "history" && target ? (
          <HistoryTab history={view.history} name={place.name} />
        ) : shown === "metrics" && target ? (
          <Suspense fallback={<Nothing kind="loading" title="Opening…" />}>
            <UsageTab cluster={cluster} type={target.type} namespace={target.namespace} name={target.name} body={target.body} />
          </Suspense>
        ) : shown && shown !== "yaml" && target ? (
          <Suspense fallback={<Nothing kind="loading" title="Opening…" />}><ObjectTab key={`${target.uid}/${shown}`} id={shown} target={target} /></Suspense>
        ) : (
          <Body view={view} type={type} place={place} cluster={cluster} isYaml={shown === "yaml"} />
        )}
      </div>
    </>
  );
}

interface BodyProps {
  readonly view: ObjectView;
  readonly type: TypeInfo | undefined;
  readonly place: Place;
  readonly cluster: ClusterInfo | undefined;
  readonly isYaml: boolean;
}

function Body({ view, type, place, cluster, isYaml }: BodyProps) {
  const { object, gone } = useStore(view.watched);
  const status = useStore(view.status);
  const ages = useAges(view.status, cluster);
  const kind = type?.kind ?? "object";
  if (object && isYaml) return <Yaml body={object.body} label={`YAML of ${place.name}`} />;
  if (object) return <OverviewTab cluster={place.cluster} type={object.type} name={place.name} body={object.body} now={ages} />;
  if (gone === "deleted") {
    return <Nothing kind="empty" title={`This ${kind} was deleted.`}>Should one of the same name be created, it appears here.</Nothing>;
  }
  if (gone === "withdrawn") {
    return <Nothing kind="hidden" title={`This ${kind} is no longer visible to you.`}>What was shown has been forgotten. Should you be let in again, it appears here.</Nothing>;
  }
  if (status.phase === "failed") return <Nothing kind="failed" title="This can't be shown.">{status.error?.message}</Nothing>;
  if (status.phase !== "live") return <Nothing kind="loading" title={`Opening ${place.name}…`} />;
  return <HiddenObject place={place} />;
}

function CopyButton({ view }: { view: ObjectView }) {
  const { object } = useStore(view.watched);
  const [said, setSaid] = useState("");
  useEffect(() => {
    const timer = setTimeout(() => setSaid(""), 2000);
    return () => clearTimeout(timer);
  }, [said]);
  if (!object) return null;
  const copy = () => {
    const done = navigator.clipboard?.writeText(yamlOf(object.body)) ?? Promise.reject(new Error("no clipboard"));
    done.then(
      () => setSaid("Copied"),
      () => setSaid("The browser refused"),
    );
  };
  return (
    <>
      <span className="said muted" role="status">{said}</span>
      <button type="button" className="quiet square" aria-label="Copy YAML" title="Copy YAML" onClick={copy}><CopyIcon /></button>
    </>
  );
}

const WIDTH = { least: 320, start: 560, most: 1100, step: 32 };

/** Between table and panel; dragged, or moved with the arrow keys. */
function Resizer() {
  const [width, setWidth] = useState(WIDTH.start);
  useEffect(() => {
    document.documentElement.style.setProperty("--panel-width", `${width}px`);
  }, [width]);
  const set = (next: number) => setWidth(Math.round(Math.max(WIDTH.least, Math.min(WIDTH.most, next))));
  return (
    <div
      className="resizer"
      role="separator"
      aria-orientation="vertical"
      aria-label="Width of the object panel"
      aria-valuenow={width}
      aria-valuemin={WIDTH.least}
      aria-valuemax={WIDTH.most}
      tabIndex={0}
      onPointerDown={(event: PointerEvent<HTMLElement>) => event.currentTarget.setPointerCapture(event.pointerId)}
      onPointerMove={(event: PointerEvent<HTMLElement>) => event.currentTarget.hasPointerCapture(event.pointerId) && set((event.currentTarget.parentElement?.getBoundingClientRect().right ?? window.innerWidth) - event.clientX)}
      onKeyDown={(event: KeyboardEvent) => {
        if (event.key === "ArrowLeft") set(width + WIDTH.step);
        else if (event.key === "ArrowRight") set(width - WIDTH.step);
      }}
    />
  );
}

function HiddenObject({ place }: { place: Place }) {
  const [isAsked, setAsked] = useState(false);
  const { cluster, type, inNamespace: namespace, name } = place;
  return (
    <>
      <Nothing kind="hidden" title="Not visible to you.">
        <p>Either it does not exist or policy excludes it.</p>
        <button type="button" onClick={() => setAsked(true)}>Why?</button>
      </Nothing>
      {isAsked && <Suspense fallback={null}><WhyDialog question={{ cluster, type, namespace, name, verbs: ["watch"] }} onClose={() => setAsked(false)} /></Suspense>}
    </>
  );
}
