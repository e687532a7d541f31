/** Lays the page out: top bar, side bar, table, object panel, status bar. */
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import type { Catalog, ClusterInfo, ViewStatus } from "../feed/messages";
import { go, place as placeStore, type Place } from "../location";
import { Store, useStore } from "../store";
import type { RemoteTable } from "../table/remote-table";
import { useSession } from "./context";
import { titleOf } from "./format";
import { useIsNarrow } from "./Grid";
import { KeyHelp } from "./KeyHelp";
import { Palette } from "./Palette";
import type { Command } from "./palette-items";
import { ObjectPanel } from "./ObjectPanel";
import { ResourceView } from "./ResourceView";
import { SideBar } from "./SideBar";
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

  const isNarrow = useIsNarrow();
  const closeMenu = useCallback(() => {
    setMenuOpen(false);
    document.querySelector<HTMLElement>(".menu-button")?.focus();
  }, []);
  const openHelp = useCallback(() => setHelpOpen(true), []);
  const [palette, setPalette] = useState<string | undefined>();
  const { signOut } = useSession();
  const commands = useMemo<readonly Command[]>(
    () => [
      { title: "Go to an object…", keys: "Ctrl+P", run: () => setPalette("") },
      { title: "Go to a type…", keys: "#", run: () => setPalette("#") },
      ...(catalog && catalog.clusters.length > 1 ? [{ title: "Go to a cluster…", keys: "@", run: () => setPalette("@") }] : []),
      ...pages.map((one) => ({ title: one.title, run: () => go({ page: one.id }) })),
      { title: "Another theme", run: nextTheme },
      { title: "Keyboard help", keys: "?", run: openHelp },
      { title: "Sign out", run: signOut },
    ],
    [catalog, pages, openHelp, signOut],
  );
  useKeys(openHelp, setPalette);

  return (
    <div className="workbench" data-menu={isMenuOpen ? "open" : undefined} data-panel={here.name && !here.page ? "open" : undefined}>
      <TopBar catalog={catalog} cluster={here.cluster} onMenu={() => setMenuOpen((is) => !is)} isMenuOpen={isMenuOpen} onHelp={openHelp} onSearch={() => setPalette("")} />
      <SideBar cluster={cluster} pages={pages} selected={here.page ? "" : here.type} page={here.page} isOpen={isMenuOpen} onClose={closeMenu} />
      <main className="main" data-region inert={isMenuOpen && isNarrow} tabIndex={-1} aria-label={here.page ? (page?.title ?? here.page) : type ? titleOf(type) : "Objects"}>
        {here.page ? (
          epoch > 0 && <PageView key={`${epoch}/${here.page}`} id={here.page} pages={pages} catalog={catalog} />
        ) : here.cluster && here.type && epoch > 0 ? (
          <ResourceView
            key={`${here.cluster}/${here.type}`}
            place={here}
            cluster={cluster}
            type={type}
            isCatalogKnown={catalog !== undefined}
            shown={shown}
            onHelp={openHelp}
          />
        ) : (
          <Beginning catalog={catalog} cluster={cluster} isSignedIn={epoch > 0} />
        )}
      </main>
      {here.name && here.type && !here.page && epoch > 0 && (
        <ObjectPanel key={`${here.cluster}/${here.type}/${here.inNamespace}/${here.name}`} place={here} cluster={cluster} type={type} />
      )}
      <StatusBar shown={shown} cluster={cluster} />
      {palette !== undefined && (
        <Palette key={palette} start={palette} catalog={catalog} here={here} commands={commands} onClose={() => setPalette(undefined)} />
      )}
      {isHelpOpen && <KeyHelp onClose={() => setHelpOpen(false)} />}
    </div>
  );
}

function Beginning({ catalog, cluster, isSignedIn }: { catalog: Catalog | undefined; cluster: ClusterInfo | undefined; isSignedIn: boolean }) {
  if (!isSignedIn) return null;
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

/** F6 moves between the page's parts, Ctrl+K and Ctrl+P go to anything, ? explains the keys. */
function useKeys(openHelp: () => void, openPalette: (start: string) => void) {
  const last = useRef(openHelp);
  last.current = openHelp;
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      const isCommand = (event.ctrlKey || event.metaKey) && !event.altKey && !document.querySelector("dialog[open]");
      if ((isCommand && (event.key === "k" || event.key === "p") && !event.shiftKey) || (event.key === "F1" && !document.querySelector("dialog[open]"))) {
        // A terminal's keys are the shell's.
        if (event.target instanceof HTMLElement && event.target.closest(".terminal")) return;
        event.preventDefault();
        openPalette(event.key === "p" ? "" : ">");
        return;
      }
      const isTyping = event.target instanceof HTMLElement && event.target.closest("input, textarea, select, dialog");
      if (event.key === "?" && !isTyping && !event.ctrlKey && !event.metaKey) {
        event.preventDefault();
        last.current();
      } else if (event.key === "F6" && !event.ctrlKey && !event.altKey && !document.querySelector("dialog[open]")) {
        event.preventDefault();
        const regions = [...document.querySelectorAll<HTMLElement>("[data-region]")].filter((one) => one.offsetParent !== null);
        const now = regions.findIndex((one) => one.contains(document.activeElement));
        const step = event.shiftKey ? -1 : 1;
        const next = regions[(now + step + regions.length) % regions.length];
        (next?.querySelector<HTMLElement>("[data-first]") ?? next)?.focus();
      }
    };
    window.addEventListener("keydown", press);
    return () => window.removeEventListener("keydown", press);
  }, [openPalette]);
}
