/** What there is to look at: a tree of all one may see, and the pages about oneself and the hub. */
import { useEffect, useRef, useState, type KeyboardEvent, type MouseEvent } from "react";
import type { Catalog } from "../feed/messages";
import { formatPlace } from "../location";
import type { PageInfo } from "../pages";
import { useStore } from "../store";
import { Explorer } from "../workbench/Explorer";
import { place, reveal } from "../workbench/tabs";
import { CloseIcon, LockIcon, SearchIcon } from "./icons";

interface Props {
  readonly catalog: Catalog | undefined;
  /** The pages beside the objects that are open to the reader, and which of them is shown. */
  readonly pages: readonly PageInfo[];
  readonly page: string;
  /** Whether it is open on a phone, where it lies over the page. */
  readonly isOpen: boolean;
  readonly isSeen: boolean;
  readonly onClose: () => void;
}

export function SideBar({ catalog, pages, page, isOpen, isSeen, onClose }: Props) {
  const [filter, setFilter] = useState("");
  const list = useRef<HTMLDivElement>(null);
  const field = useRef<HTMLInputElement>(null);

  useEffect(() => {
    if (isOpen) field.current?.focus();
  }, [isOpen]);

  const firstItem = () => list.current?.querySelector<HTMLElement>("[role='treeitem'][tabindex='0']") ?? list.current?.querySelector<HTMLElement>("[role='treeitem']");

  function press(event: KeyboardEvent) {
    if (event.key === "Escape") {
      if (filter) setFilter("");
      else onClose();
      return;
    }
    if (document.activeElement !== field.current) return;
    if (event.key === "ArrowDown") firstItem()?.focus();
    // What was searched for is the first type that is left.
    else if (event.key === "Enter") list.current?.querySelector<HTMLElement>("a[role='treeitem']")?.click();
    else return;
    event.preventDefault();
  }

  return (
    <>
      {isOpen && <div className="scrim" onClick={onClose} />}
      <nav className="side" id="types" aria-label="Types" data-region onKeyDown={press}>
        <div className="field side-filter">
          <SearchIcon />
          <input
            ref={field}
            type="search"
            aria-label="Filter types"
            placeholder="Filter types and namespaces"
            value={filter}
            data-first
            onChange={(event) => setFilter(event.target.value)}
          />
          <button type="button" className="quiet square drawer-only" aria-label="Close" onClick={onClose}><CloseIcon /></button>
        </div>
        <Explorer {...{ catalog, filter, isSeen }} element={list} onChosen={onClose} onLeave={() => field.current?.focus()} />
        <ul className="side-pages drawer-only" aria-label="You and the hub">
          {pages.map((one) => (
            <li key={one.id}><PageLink page={one} isShown={one.id === page} onChosen={onClose} /></li>
          ))}
        </ul>
        {catalog && <p className="side-foot"><LockIcon /> Only what policy lets you see is listed. <button type="button" className="link" onClick={() => (reveal({ page: "access" }), onClose())}>Why?</button></p>}
      </nav>
    </>
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
