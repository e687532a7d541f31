/** One box for everything: objects by name, and after a sign, commands, types, clusters and places. */
import { useDeferredValue, useEffect, useId, useLayoutEffect, useMemo, useRef, useState, useSyncExternalStore, type KeyboardEvent } from "react";
import type { Catalog } from "../feed/messages";
import type { Place } from "../location";
import { useStore } from "../store";
import { count, titleOf } from "./format";
import { SearchIcon } from "./icons";
import { askedBy, clusterOffers, commandOffers, placeMeant, typeOffers, type Command, type Offer } from "./palette-items";
import { useTableView } from "./views";
import { EVERYTHING } from "../workbench/counts";
import { go } from "../workbench/tabs";



const OFFERED = 60;

interface Props {
  readonly start: string;
  readonly catalog: Catalog | undefined;
  readonly here: Place;
  readonly commands: readonly Command[];
  readonly onClose: () => void;
}

export function Palette({ start, catalog, here, commands, onClose }: Props) {
  const dialog = useRef<HTMLDialogElement>(null);
  const list = useRef<HTMLUListElement>(null);
  const [text, setText] = useState(start);
  const [chosen, setChosen] = useState(0);
  const id = useId();
  const asked = askedBy(text);
  const cluster = catalog?.clusters.find((one) => one.name === here.cluster);
  // At once: what is typed next is meant for it.
  useLayoutEffect(() => dialog.current?.showModal(), []);

  const objects = useObjects(asked.in === "objects" ? asked.text : undefined, catalog);
  const offers = useMemo<readonly Offer[]>(() => {
    switch (asked.in) {
      case "commands":
        return commandOffers(commands, asked.text);
      case "types":
        return typeOffers(cluster, asked.text, go);
      case "clusters":
        return clusterOffers(catalog, asked.text, go);
      case "places": {
        const meant = placeMeant(cluster, asked.text);
        if (!meant) return typeOffers(cluster, asked.text.split(/\s+/)[0] ?? "", go);
        const { namespace, filter } = meant.change;
        const detail = [namespace ? `in ${namespace}` : "in all namespaces", filter ? `with “${filter}”` : ""].filter(Boolean).join(", ");
        return [{ id: "place", title: titleOf(meant.type), detail, choose: () => go(meant.change) }];
      }
      case "objects":
        return asked.text === "" ? commandOffers(commands, "").slice(0, 8) : objects.offers;
    }
  }, [asked.in, asked.text, commands, cluster, catalog, objects.offers]);
  const index = Math.min(chosen, offers.length - 1);

  useEffect(() => {
    list.current?.children[index]?.scrollIntoView({ block: "nearest" });
  }, [index, offers]);

  function choose(offer: Offer | undefined) {
    if (!offer) return;
    dialog.current?.close();
    offer.choose();
  }

  function press(event: KeyboardEvent) {
    const step = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10 }[event.key];
    if (step !== undefined) setChosen(Math.max(0, Math.min(offers.length - 1, index + step)));
    else if (event.key === "Enter") choose(offers[index]);
    else return;
    event.preventDefault();
  }

  return (
    <dialog
      ref={dialog}
      className="palette"
      aria-label="Go to anything"
      onClose={onClose}
      onClick={(event) => event.target === dialog.current && dialog.current.close()}
      onKeyDown={(event) => event.stopPropagation()}
    >
      <div className="field palette-field">
        <SearchIcon />
        <input
          type="text"
          role="combobox"
          aria-label="Go to anything"
          aria-expanded={offers.length > 0}
          aria-controls={`${id}-list`}
          aria-activedescendant={offers[index] && `${id}-${index}`}
          aria-autocomplete="list"
          autoComplete="off"
          spellCheck={false}
          placeholder="An object’s name; > command, # type, @ cluster, :po payments"
          value={text}
          onChange={(event) => (setText(event.target.value), setChosen(0))}
          onKeyDown={press}
        />
      </div>
      <ul ref={list} id={`${id}-list`} className="palette-list" role="listbox" aria-label="Offers">
        {offers.map((offer, place) => (
          <li key={offer.id} id={`${id}-${place}`} role="option" aria-selected={place === index} onClick={() => choose(offer)} onPointerMove={() => setChosen(place)}>
            <span className="palette-title">{offer.title}</span>
            <span className="muted">{offer.detail}</span>
          </li>
        ))}
      </ul>
      <p className="palette-foot muted" role="status">{footOf(asked.in, asked.text, offers.length, objects)}</p>
    </dialog>
  );
}

function footOf(where: string, typed: string, offered: number, objects: { shown: number; total: number; isLoading: boolean }): string {
  if (where !== "objects" || typed === "") return offered === 0 ? "Nothing matches." : "↑ ↓ to choose, Enter to go, Esc to leave";
  const loading = objects.isLoading ? ` Still reading: ${count(objects.total)} so far.` : "";
  if (objects.shown === 0) return `None of the ${count(objects.total)} objects that you may see matches.${loading}`;
  return `${count(objects.shown)} of ${count(objects.total)} objects${objects.shown > offered ? `, the first ${offered} are listed` : ""}.${loading}`;
}

/** Objects of every type and cluster that match; nothing is asked for before something is typed. */
function useObjects(typed: string | undefined, catalog: Catalog | undefined) {
  const [isWanted, setWanted] = useState(false);
  useEffect(() => {
    if (typed) setWanted(true);
  }, [typed]);
  const view = useTableView(EVERYTHING, isWanted);
  const filter = useDeferredValue(typed ?? "");
  useEffect(() => view.table.turn({ filter, count: OFFERED }), [view.table, filter, isWanted]);
  const outline = useSyncExternalStore(view.table.subscribeOutline, view.table.getOutline);
  const { phase } = useStore(view.status);
  const offers = useMemo(
    () =>
      outline.ids.flatMap((id): Offer[] => {
        const row = view.table.getRow(id);
        if (!row) return [];
        const type = catalog?.clusters.find((one) => one.name === row.cluster)?.types.find((one) => one.type === row.type);
        const { cluster, namespace, name } = row;
        return [{
          id,
          title: name,
          detail: [type?.kind ?? row.type, namespace, cluster].filter(Boolean).join(" · "),
          choose: () => go({ cluster, type: row.type, namespace: "", name, inNamespace: namespace, filter: "" }),
        }];
      }),
    [outline, view.table, catalog],
  );
  return { offers, shown: outline.shown, total: outline.total, isLoading: phase !== "live" && phase !== "failed" };
}
