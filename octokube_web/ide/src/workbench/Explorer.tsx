/** Everything one may see as a tree: clusters, groups, types, namespaces, objects, with counts that live. */
import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useMemo, useState, type KeyboardEvent, type MouseEvent, type RefObject } from "react";
import type { Catalog, ClusterHealth, TypeInfo, ViewSpec } from "../feed/messages";
import { changed, formatPlace, type Place } from "../location";
import { useStore } from "../store";
import { count as written, literal } from "../ui/format";
import { useIsNarrow } from "../ui/Grid";
import { ClosedIcon, DownIcon, WarnIcon } from "../ui/icons";
import { settings } from "../ui/settings";
import { StateDot } from "../ui/StateDot";
import { useCounts } from "./counts";
import { useListings } from "./listings";
import { savedViews } from "./saved";
import { go, place as placeStore, reveal } from "./tabs";
import { treeOf, type TreeNode } from "./tree";

interface Props {
  readonly catalog: Catalog | undefined;
  readonly filter: string;
  /** Whether it can be seen: what nobody sees is not counted. */
  readonly isSeen: boolean;
  readonly element: RefObject<HTMLDivElement | null>;
  readonly onChosen: () => void;
  /** Upwards from the first node. */
  readonly onLeave: () => void;
}

const TONES = { live: "good", stale: "busy", offline: "bad" } as const satisfies Record<ClusterHealth["condition"], string>;
const CONDITIONS: Record<TypeInfo["condition"], string> = {
  synced: "",
  loading: "loading",
  forbidden: "the agent may not read this",
  failing: "the server fails for this",
};

const NONE: ReadonlySet<string> = new Set();

export function Explorer({ catalog, filter, isSeen, element, onChosen, onLeave }: Props) {
  const here = useStore(placeStore);
  const { hasCounts } = useStore(settings);
  const [toggled, setToggled] = useState(NONE);
  const [active, setActive] = useState("");
  const counted = useCounts(isSeen && hasCounts);
  const counts = counted.phase === "counting" || counted.phase === "counted" ? counted.counts : undefined;
  const wanted = useMemo(() => listedBy(catalog, toggled), [catalog, toggled]);
  const listed = useListings(wanted);
  const views = useStore(savedViews);
  const nodes = useMemo(
    () => treeOf({ catalog, current: here.cluster, toggled, filter, counts, listed, views }),
    // The counts are the same object all the time; its version tells of a change.
    [catalog, here.cluster, toggled, filter, counts, counted.version, listed, views],
  );

  const isNarrow = useIsNarrow();
  const stop = Math.max(0, nodes.findIndex((node) => node.id === active));
  const virtual = useVirtualizer({
    count: nodes.length,
    getScrollElement: () => element.current,
    estimateSize: () => (isNarrow ? 36 : 25),
    getItemKey: (index) => nodes[index]?.id ?? index,
    overscan: 20,
  });

  useEffect(() => virtual.measure(), [virtual, isNarrow]);

  // Whoever goes somewhere by other ways finds it marked, and the way into the tree leads there.
  const current = nodes.find((node) => node.kind === "type" && isAt(node, here))?.id;
  useEffect(() => {
    if (current) setActive(current);
  }, [current]);

  function toggle(node: TreeNode) {
    if (node.isOpen === undefined) return;
    const next = new Set(toggled);
    if (!next.delete(node.id)) next.add(node.id);
    setToggled(next);
  }

  function choose(node: TreeNode) {
    setActive(node.id);
    if (!node.place) toggle(node);
    else {
      // The type that is looked at is shown from its beginning; another as it was left.
      if (node.kind === "object" || node.kind === "view" || isAt(node, here)) go(node.place);
      else reveal(node.place);
      onChosen();
    }
  }

  function focusNode(index: number) {
    const node = nodes[index];
    if (!node) return;
    setActive(node.id);
    virtual.scrollToIndex(index);
    requestAnimationFrame(() => [...(element.current?.querySelectorAll<HTMLElement>("[role='treeitem']") ?? [])].find((item) => item.dataset["id"] === node.id)?.focus());
  }

  function press(event: KeyboardEvent) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const node = nodes[stop];
    if (!node) return;
    const parent = () => nodes.findLastIndex((one, index) => index < stop && one.level < node.level);
    if (event.key === "ArrowDown") focusNode(Math.min(nodes.length - 1, stop + 1));
    else if (event.key === "ArrowUp" && stop === 0) onLeave();
    else if (event.key === "ArrowUp") focusNode(stop - 1);
    else if (event.key === "Home") focusNode(0);
    else if (event.key === "End") focusNode(nodes.length - 1);
    else if (event.key === "ArrowRight" && node.isOpen === false) toggle(node);
    else if (event.key === "ArrowRight" && node.isOpen) focusNode(Math.min(nodes.length - 1, stop + 1));
    else if (event.key === "ArrowLeft" && node.isOpen) toggle(node);
    else if (event.key === "ArrowLeft") focusNode(parent());
    else if (event.key === "Enter" || event.key === " ") choose(node);
    else if (/^\S$/.test(event.key)) {
      const typed = event.key.toLowerCase();
      const order = [...nodes.keys()].map((index) => (index + stop + 1) % nodes.length);
      focusNode(order.find((index) => nodes[index]?.title.toLowerCase().startsWith(typed)) ?? stop);
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }

  return (
    <>
      <div ref={element} className="side-list">
        <div className="tree" role="tree" aria-label="What you may see" style={{ height: virtual.getTotalSize() }} onKeyDown={press}>
          {virtual.getVirtualItems().map(({ index, start, key }) => {
            const node = nodes[index];
            return (
              node && (
                <TreeItem
                  key={key}
                  {...{ node, start, here }}
                  isStop={index === stop}
                  onToggle={() => (setActive(node.id), toggle(node))}
                  onChoose={() => choose(node)}
                />
              )
            );
          })}
        </div>
        {catalog && nodes.length <= catalog.clusters.length && filter && <p className="muted side-note">Nothing matches.</p>}
      </div>
      {counted.phase === "too many" && (
        <p className="side-foot">
          <span>You may see very many objects: they are not counted.</span>
          <button type="button" className="link" onClick={counted.insist}>Count them</button>
        </p>
      )}
    </>
  );
}

interface ItemProps {
  readonly node: TreeNode;
  readonly start: number;
  readonly here: Place;
  readonly isStop: boolean;
  readonly onToggle: () => void;
  readonly onChoose: () => void;
}

function TreeItem({ node, start, here, isStop, onToggle, onChoose }: ItemProps) {
  const trouble = node.kind === "type" && node.type ? CONDITIONS[node.type.condition] : "";
  const health = node.kind === "cluster" ? node.cluster?.health : undefined;
  const isCurrent = node.kind === "type" && isAt(node, here);
  function choose(event: MouseEvent) {
    // With a modifier the browser opens a tab of its own, as for any link.
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.button !== 0) return;
    event.preventDefault();
    onChoose();
  }
  const shared = {
    role: "treeitem",
    className: `tree-item ${node.kind}`,
    "data-id": node.id,
    "aria-level": node.level,
    "aria-posinset": node.position,
    "aria-setsize": node.siblings,
    "aria-expanded": node.isOpen,
    "aria-selected": isCurrent,
    tabIndex: isStop ? 0 : -1,
    title: node.type?.reason || (health && health.reason) || (node.kind === "type" ? node.type?.type : node.title),
    style: { transform: `translateY(${start}px)`, paddingInlineStart: `${node.level * 12 - 4}px` },
  };
  const content = (
    <>
      <span
        className="twisty"
        onClick={(event) => {
          if (node.isOpen === undefined) return;
          event.preventDefault();
          event.stopPropagation();
          onToggle();
        }}
      >
        {node.isOpen === undefined ? null : node.isOpen ? <DownIcon /> : <ClosedIcon />}
      </span>
      {health && <StateDot tone={TONES[health.condition]} />}
      <span className="tree-title">{node.title}</span>
      {health && health.condition !== "live" && <span className="hush">({health.condition})</span>}
      {trouble && node.type && (
        <span className={`type-trouble ${node.type.condition}`}>{node.type.condition === "loading" ? <span className="spinner tiny" aria-hidden="true" /> : <WarnIcon />}<span className="hush">({trouble})</span></span>
      )}
      {node.count !== undefined && !trouble && <span className="tree-count">{written(node.count)}</span>}
    </>
  );
  return node.place ? (
    <a {...shared} href={formatPlace(changed(here, node.place))} onClick={choose}>{content}</a>
  ) : (
    <div {...shared} onClick={onChoose}>{content}</div>
  );
}

function isAt(node: TreeNode, here: Place): boolean {
  if (here.page || here.cluster !== node.cluster?.name || here.type !== node.type?.type) return false;
  // Of the many lines that a type may have, the one of the chosen namespace.
  return (node.place?.namespace ?? "") === "" || node.place?.namespace === here.namespace;
}

/** What is to be listed below the types that are open. */
function listedBy(catalog: Catalog | undefined, toggled: ReadonlySet<string>): ReadonlyMap<string, ViewSpec> {
  const wanted = new Map<string, ViewSpec>();
  for (const id of toggled) {
    const found = /^cluster ([^/]+)(?:\/namespace ([^/]+))?\/type (.+)$/.exec(id);
    const cluster = catalog?.clusters.find((one) => one.name === found?.[1]);
    const type = cluster?.types.find((one) => one.type === found?.[3]);
    if (!found || !cluster || !type) continue;
    const namespaces = [!type.namespaced ? "cluster" : found[2] ? literal(found[2]) : "**"];
    wanted.set(id, { cluster: cluster.name, type: type.type, namespaces, names: [], detail: "rows" });
  }
  return wanted;
}
