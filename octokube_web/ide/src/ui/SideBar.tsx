/** The types a person may look at, by API group: live from the catalog, walked with the arrow keys. */
import { useEffect, useMemo, useRef, useState, type KeyboardEvent, type MouseEvent } from "react";
import type { ClusterInfo, TypeInfo } from "../feed/messages";
import { formatPlace } from "../location";
import type { PageInfo } from "../pages";
import { useStore } from "../store";
import { compareGroups, groupTitle, titleOf } from "./format";
import { CloseIcon, LockIcon, SearchIcon, WarnIcon } from "./icons";
import { place, reveal } from "../workbench/tabs";

interface Props {
  readonly cluster: ClusterInfo | undefined;
  readonly selected: string;
  /** The pages beside the objects that are open to the reader, and which of them is shown. */
  readonly pages: readonly PageInfo[];
  readonly page: string;
  readonly isOpen: boolean;
  readonly onClose: () => void;
}

export function SideBar({ cluster, selected, pages, page, isOpen, onClose }: Props) {
  const [filter, setFilter] = useState("");
  const list = useRef<HTMLDivElement>(null);
  const field = useRef<HTMLInputElement>(null);
  const groups = useMemo(() => grouped(cluster?.types ?? [], filter), [cluster, filter]);
  const first = groups[0]?.types[0]?.type;
  const isSelectedListed = groups.some((group) => group.types.some((type) => type.type === selected));

  useEffect(() => {
    if (isOpen) field.current?.focus();
  }, [isOpen]);

  function walk(event: KeyboardEvent) {
    if (event.key === "Escape") {
      if (filter) setFilter("");
      else onClose();
      return;
    }
    const links = [...(list.current?.parentElement?.querySelectorAll<HTMLElement>("a") ?? [])];
    const now = links.indexOf(document.activeElement as HTMLElement);
    const isInField = document.activeElement === field.current;
    const target = { ArrowDown: now + 1, ArrowUp: now - 1, Home: 0, End: links.length - 1 }[event.key];
    if (event.key === "Enter" && isInField) links[0]?.click();
    if (target === undefined || (isInField && event.key !== "ArrowDown")) return;
    event.preventDefault();
    if (target < 0) field.current?.focus();
    else links[Math.min(target, links.length - 1)]?.focus();
  }

  return (
    <>
      {isOpen && <div className="scrim" onClick={onClose} />}
      <nav className="side" id="types" aria-label="Types" data-region onKeyDown={walk}>
        <div className="field side-filter">
          <SearchIcon />
          <input
            ref={field}
            type="search"
            aria-label="Filter types"
            placeholder="Filter types"
            value={filter}
            data-first
            onChange={(event) => setFilter(event.target.value)}
          />
          <button type="button" className="quiet square drawer-only" aria-label="Close" onClick={onClose}><CloseIcon /></button>
        </div>
        <div className="side-list" ref={list}>
          {groups.map((group) => (
            <section key={group.name} aria-label={groupTitle(group.name)}>
              <h2 title={group.name || "the core group"}>{groupTitle(group.name)}</h2>
              <ul>
                {group.types.map((type) => (
                  <li key={type.type}>
                    <TypeLink
                      type={type}
                      isSelected={type.type === selected}
                      isStop={isSelectedListed ? type.type === selected : type.type === first}
                      onChosen={onClose}
                    />
                  </li>
                ))}
              </ul>
            </section>
          ))}
          {cluster && groups.length === 0 && (
            <p className="muted side-note">{filter ? "No type matches." : "No type here is visible to you."}</p>
          )}
        </div>
        <ul className="side-pages" aria-label="You and the hub">
          {pages.map((one) => (
            <li key={one.id}><PageLink page={one} isShown={one.id === page} onChosen={onClose} /></li>
          ))}
        </ul>
        {cluster && <p className="side-foot"><LockIcon /> Only what policy lets you see is listed.</p>}
      </nav>
    </>
  );
}

interface LinkProps {
  readonly type: TypeInfo;
  readonly isSelected: boolean;
  readonly isStop: boolean;
  readonly onChosen: () => void;
}

const CONDITIONS: Record<TypeInfo["condition"], string> = {
  synced: "",
  loading: "loading",
  forbidden: "the agent may not read this",
  failing: "the server fails for this",
};

function TypeLink({ type, isSelected, isStop, onChosen }: LinkProps) {
  const here = useStore(place);
  const target = { page: "", tab: "", type: type.type, name: "", inNamespace: "", filter: "", namespace: type.namespaced ? here.namespace : "" };
  const trouble = CONDITIONS[type.condition];
  function choose(event: MouseEvent) {
    // With a modifier the browser opens a tab of its own, as for any link.
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.button !== 0) return;
    event.preventDefault();
    reveal(target);
    onChosen();
  }
  return (
    <a
      href={formatPlace({ ...here, ...target })}
      className="type"
      aria-current={isSelected ? "page" : undefined}
      tabIndex={isStop ? 0 : -1}
      title={type.reason || type.type}
      onClick={choose}
    >
      <span className="type-title">{titleOf(type)}</span>
      {trouble && (
        <span className={`type-trouble ${type.condition}`}>
          {type.condition === "loading" ? <span className="spinner tiny" aria-hidden="true" /> : <WarnIcon />}
          <span className="hush">({trouble})</span>
        </span>
      )}
    </a>
  );
}

function PageLink({ page, isShown, onChosen }: { page: PageInfo; isShown: boolean; onChosen: () => void }) {
  const here = useStore(place);
  function choose(event: MouseEvent) {
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.button !== 0) return;
    event.preventDefault();
    reveal({ page: page.id });
    onChosen();
  }
  return (
    <a href={formatPlace({ ...here, page: page.id })} className="type" aria-current={isShown ? "page" : undefined} onClick={choose}>
      <span className="type-title">{page.title}</span>
    </a>
  );
}

function grouped(types: readonly TypeInfo[], filter: string): { name: string; types: TypeInfo[] }[] {
  const wanted = filter.trim().toLowerCase();
  const groups = new Map<string, TypeInfo[]>();
  for (const type of types) {
    const isWanted = [type.type, type.kind, ...type.shortNames].some((word) => word.toLowerCase().includes(wanted));
    if (!isWanted) continue;
    const group = groups.get(type.group);
    if (group) group.push(type);
    else groups.set(type.group, [type]);
  }
  return [...groups]
    .sort(([a], [b]) => compareGroups(a, b))
    .map(([name, members]) => ({ name, types: members.sort((a, b) => titleOf(a).localeCompare(titleOf(b))) }));
}
