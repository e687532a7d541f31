/** Lays the page out: top bar, side bar, table, object panel, status bar. */
import { useCallback, useEffect, useMemo, useState, type Dispatch, type SetStateAction } from "react";
import type { Catalog, ClusterInfo, ViewStatus } from "../feed/messages";
import type { Place } from "../location";
import { Store, useStore } from "../store";
import type { RemoteTable } from "../table/remote-table";
import { ActivityBar } from "../workbench/ActivityBar";
import { pressTabKey, tabCommands } from "../workbench/commands";
import { Docks } from "../workbench/Docks";
import { groupsOf, type Tab } from "../workbench/layout";
import { placeOf, savedViews } from "../workbench/saved";
import { go, layout, place as placeStore, reveal } from "../workbench/tabs";
import { titleOfTab } from "../workbench/titles";
import { useSession } from "./context";
import { titleOf } from "./format";
import { useIsNarrow } from "./Grid";
import { KeyHelp } from "./KeyHelp";
import { Palette } from "./Palette";
import type { Command } from "./palette-items";
import { ObjectPanel } from "./ObjectPanel";
import { ResourceView } from "./ResourceView";
import { SideBar } from "./SideBar";
import type { PageInfo } from "../pages";
import { PageView, useOpenPages } from "./PageView";
import { StatusBar } from "./StatusBar";
import { nextTheme } from "./settings";
import { TopBar } from "./TopBar";
import { Nothing } from "./Nothing";

/** What the status bar tells about the view in the middle. */
export interface Shown {
  readonly table: RemoteTable;
  readonly status: Store<ViewStatus>;
}

export function Workbench() {
  const { feed, epoch } = useSession();
  const catalog = useStore(feed.catalog);
  const here = useStore(placeStore);
  const [isMenuOpen, setMenuOpen] = useState(false);
  const [isHelpOpen, setHelpOpen] = useState(false);
  const shown = useMemo(() => new Store<Shown | undefined>(undefined), []);
  const cluster = catalog?.clusters.find((one) => one.name === here.cluster);
  const type = cluster?.types.find((one) => one.type === here.type);

  const pages = useOpenPages(catalog, epoch);
  const page = pages.find((one) => one.id === here.page);

  useChosenStart(catalog, here);
  useEffect(() => {
    const what = type ? titleOf(type) : here.type;
    const parts = here.page ? [page?.title ?? here.page] : [here.name, what, here.cluster];
    document.title = [...parts, "Octokube"].filter(Boolean).join(" · ");
  }, [here, type, page]);

  const titleOfOne = useCallback((tab: Tab) => titleOfTab(tab.place, catalog, pages), [catalog, pages]);
  const tabs = useStore(layout);
  const views = useStore(savedViews);
  const [isSideShut, setSideShut] = useSideBar();

  const isNarrow = useIsNarrow();
  const closeMenu = useCallback(() => {
    setMenuOpen(false);
    document.querySelector<HTMLElement>(".menu-button")?.focus();
  }, []);
  const openSearch = useCallback(() => {
    reveal({ page: "search" });
    // The page may have to be fetched, or be there already.
    requestAnimationFrame(() => document.querySelector<HTMLElement>("[role=search] [data-first]")?.focus());
  }, []);
  const openHelp = useCallback(() => setHelpOpen(true), []);
  const [palette, setPalette] = useState<string | undefined>();
  const { signOut } = useSession();
  const commands = useMemo<readonly Command[]>(
    () => [
      { title: "Go to an object…", keys: "Ctrl+P", run: () => setPalette("") },
      { title: "Search everywhere…", keys: "Ctrl+Shift+F", run: openSearch },
      { title: "Go to a type…", keys: "#", run: () => setPalette("#") },
      ...(catalog && catalog.clusters.length > 1 ? [{ title: "Go to a cluster…", keys: "@", run: () => setPalette("@") }] : []),
      ...pages.filter((one) => one.id !== "search").map((one) => ({ title: one.title, run: () => reveal({ page: one.id }) })),
      ...views.map((view) => ({ title: `View: ${view.name}`, run: () => go(placeOf(view)) })),
      ...tabCommands(titleOfOne),
      { title: isSideShut ? "Show the side bar" : "Hide the side bar", keys: "Ctrl+B", run: () => setSideShut(!isSideShut) },
      { title: "Another theme", run: nextTheme },
      { title: "Keyboard help", keys: "?", run: openHelp },
      { title: "Sign out", run: signOut },
    ],
    // What is offered depends on the tabs there are.
    [catalog, pages, openHelp, signOut, titleOfOne, tabs, views, isSideShut, setSideShut],
  );
  const keys = useMemo<Keys>(() => ({ openHelp, openSearch, openPalette: setPalette, toggleSide: () => setSideShut((is) => !is) }), [openHelp, openSearch, setSideShut]);
  useKeys(keys);

  return (
    <div className="workbench" data-menu={isMenuOpen ? "open" : undefined} data-side={isSideShut ? "shut" : undefined}>
      <TopBar catalog={catalog} cluster={here.cluster} onMenu={() => setMenuOpen((is) => !is)} isMenuOpen={isMenuOpen} onHelp={openHelp} onSearch={() => setPalette("")} />
      <ActivityBar {...{ pages, isSideShut }} page={here.page} onSide={() => setSideShut((is) => !is)} />
      <SideBar
        key={epoch}
        {...{ catalog, pages }}
        page={here.page}
        isOpen={isMenuOpen}
        isSeen={epoch > 0 && (isNarrow ? isMenuOpen : !isSideShut)}
        onClose={closeMenu}
      />
      <main className="main" data-region={groupsOf(tabs).length === 1 ? "" : undefined} inert={isMenuOpen && isNarrow} tabIndex={-1} aria-label={here.page ? (page?.title ?? here.page) : type ? titleOf(type) : "Objects"}>
        <Docks
          titleOf={titleOfOne}
          render={(tab, isSeen, isActive) =>
            epoch > 0 && <TabContent key={epoch} place={tab.place} shown={isActive ? shown : undefined} onHelp={openHelp} {...{ catalog, pages, isSeen }} />
          }
        />
      </main>
      <StatusBar shown={shown} cluster={cluster} />
      {palette !== undefined && (
        <Palette key={palette} start={palette} catalog={catalog} here={here} commands={commands} onClose={() => setPalette(undefined)} />
      )}
      {isHelpOpen && <KeyHelp onClose={() => setHelpOpen(false)} />}
    </div>
  );
}

interface ContentProps {
  readonly place: Place;
  readonly catalog: Catalog | undefined;
  readonly pages: readonly PageInfo[];
  readonly isSeen: boolean;
  readonly shown: Store<Shown | undefined> | undefined;
  readonly onHelp: () => void;
}

/** What a tab holds: a page, a table with the object that is open beside it, or an object alone. */
function TabContent({ place, catalog, pages, isSeen, shown, onHelp }: ContentProps) {
  const cluster = catalog?.clusters.find((one) => one.name === place.cluster);
  const type = cluster?.types.find((one) => one.type === place.type);
  if (place.page) return <PageView key={place.page} {...{ place, pages, catalog }} />;
  if (!place.cluster || !place.type) return <Beginning catalog={catalog} cluster={cluster} />;
  const isAlone = place.alone !== "" && place.name !== "";
  return (
    <>
      {!isAlone && (
        <ResourceView
          key={`${place.cluster}/${place.type}`}
          isCatalogKnown={catalog !== undefined}
          {...{ place, cluster, type, shown, isSeen, onHelp }}
        />
      )}
      {place.name && <ObjectPanel key={`${place.cluster}/${place.type}/${place.inNamespace}/${place.name}`} {...{ place, cluster, type }} isActive={shown !== undefined} />}
    </>
  );
}

function Beginning({ catalog, cluster }: { catalog: Catalog | undefined; cluster: ClusterInfo | undefined }) {
  if (!catalog) return <Nothing kind="loading" title="Asking what you may see…" />;
  if (catalog.clusters.length === 0) {
    return (
      <Nothing kind="hidden" title="Nothing here is visible to you.">
        No policy lets you see anything in any cluster at this time. Whoever looks after the policies can change that; this page
        will show it at once.
      </Nothing>
    );
  }
  return <Nothing kind="empty" title={cluster ? "Choose a type on the left." : "Choose a cluster above."} />;
}

/** Someone who comes without an address sees pods of the first cluster, or else its first type. */
function useChosenStart(catalog: Catalog | undefined, here: Place) {
  useEffect(() => {
    if (!catalog || (here.cluster && here.type)) return;
    const cluster = here.cluster ? catalog.clusters.find((one) => one.name === here.cluster) : catalog.clusters[0];
    const type = cluster?.types.find((one) => one.type === "pods") ?? cluster?.types[0];
    if (cluster && type) go({ cluster: cluster.name, type: type.type, page: here.page }, "replace");
  }, [catalog, here]);
}

const SIDE_KEY = "octokube.side";

/** Whether the side bar is shut; remembered in this browser. */
function useSideBar(): [boolean, Dispatch<SetStateAction<boolean>>] {
  const [isShut, setShut] = useState(() => localStorage.getItem(SIDE_KEY) === "shut");
  useEffect(() => {
    if (isShut) localStorage.setItem(SIDE_KEY, "shut");
    else localStorage.removeItem(SIDE_KEY);
  }, [isShut]);
  return [isShut, setShut];
}

interface Keys {
  readonly openHelp: () => void;
  readonly openSearch: () => void;
  readonly openPalette: (start: string) => void;
  readonly toggleSide: () => void;
}

/** Keys that act wherever the focus is: F6 moves between the page's parts, Ctrl+K and Ctrl+P go to anything, ? explains the keys. */
function useKeys(keys: Keys) {
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      const target = event.target instanceof HTMLElement ? event.target : undefined;
      // A terminal's keys are the shell's, and a dialog's are its own.
      if (target?.closest(".terminal") || document.querySelector("dialog[open]")) return;
      // Letters by what they write, wherever they lie on the keyboard.
      const letter = (event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey ? event.key.toLowerCase() : "";
      const isTyping = target?.closest("input, textarea, select, .cm-editor");
      if (letter === "k" || event.key === "F1") keys.openPalette(">");
      else if (event.key.toLowerCase() === "f" && event.shiftKey && (event.ctrlKey || event.metaKey) && !event.altKey) keys.openSearch();
      else if (letter === "p") keys.openPalette("");
      else if (letter === "b" && !isTyping) keys.toggleSide();
      else if (event.key === "?" && !isTyping && !event.ctrlKey && !event.metaKey) keys.openHelp();
      else if (event.key === "F6" && !event.ctrlKey && !event.altKey) nextRegion(event.shiftKey ? -1 : 1);
      else if (!pressTabKey(event)) return;
      event.preventDefault();
    };
    window.addEventListener("keydown", press);
    return () => window.removeEventListener("keydown", press);
  }, [keys]);
}

function nextRegion(step: 1 | -1) {
  const regions = [...document.querySelectorAll<HTMLElement>("[data-region]")].filter((one) => one.offsetParent !== null);
  // The innermost that holds the focus: a panel lies in a tab, and a tab in the middle.
  const now = regions.findLastIndex((one) => one.contains(document.activeElement));
  const next = regions[(now + step + regions.length) % regions.length];
  (next?.querySelector<HTMLElement>("[data-first]") ?? next)?.focus();
}
