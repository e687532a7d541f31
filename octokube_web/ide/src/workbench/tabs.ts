/** The tabs of this page: which there are, where each is, the address that stands for the active one, and what a reload finds again. */
import { changed, formatPlace, NOWHERE, parsePlace, subjectOf, type Place } from "../location";
import { Store } from "../store";
import { activeTab, close, keep, open, readLayout, show, single, tabAbout, tabsOf, update, type Layout } from "./layout";

export const layout = new Store<Layout>(single(parsePlace(window.location.search)));
/** Where the active tab is. */
export const place = new Store<Place>(activeTab(layout.get()).place);

const SESSION_KEY = "octokube.layout";
const storageKey = (subject: string) => `octokube.layout.${subject}`;
const CLOSED_LIMIT = 20;

let attended = "";
const closed: Place[] = [];

/** Puts an arrangement in force. `push`: the address of the active tab becomes a step one can go back from. */
export function arrange(next: Layout, how: "push" | "replace" | "keep" = "push"): void {
  if (next === layout.get()) return;
  layout.set(next);
  const here = activeTab(next).place;
  if (formatPlace(here) !== formatPlace(place.get())) place.set(here);
  const address = formatPlace(here);
  if (how !== "keep" && address !== window.location.pathname + window.location.search) {
    if (how === "push") window.history.pushState(null, "", address);
    else window.history.replaceState(null, "", address);
  }
  remember();
}

window.addEventListener("popstate", () => arrange(open(layout.get(), parsePlace(window.location.search)), "keep"));

/**
 * Goes there from where the active tab is. The same subject stays in its tab; another opens, or is brought to the front.
 * `replace` leaves no step to go back to: for typing, and for what the page chose by itself.
 */
export function go(change: Partial<Place>, how: "push" | "replace" = "push"): void {
  const now = layout.get();
  const here = activeTab(now);
  const next = changed(here.place, change);
  if (formatPlace(next) === formatPlace(here.place)) return;
  const isSame = subjectOf(next) === subjectOf(here.place) || subjectOf(here.place) === "";
  arrange(isSame ? update(now, here.id, next) : open(now, next), how);
}

/** Goes to a table or page as its tab was left, if it has one; otherwise as `go`. */
export function reveal(change: Partial<Place>): void {
  const now = layout.get();
  const here = activeTab(now);
  const held = tabAbout(now, subjectOf(changed(here.place, change)));
  if (held && held.id !== here.id) arrange(show(now, held.id));
  else go(change);
}

/** Opens a place in a tab that stays, whatever is active. */
export function openTab(target: Place): void {
  arrange(open(layout.get(), target, { isKept: true }));
}

export function closeTab(id: number): void {
  const now = layout.get();
  const tab = tabsOf(now).find((one) => one.id === id);
  const next = close(now, id);
  if (!tab || next === now) return;
  closed.push(tab.place);
  closed.splice(0, closed.length - CLOSED_LIMIT);
  arrange(next, "replace");
}

export function reopenTab(): void {
  const last = closed.pop();
  if (last) openTab(last);
}

export const showTab = (id: number): void => arrange(show(layout.get(), id));
export const keepTab = (id: number): void => arrange(keep(layout.get(), id));

/** Arranges the tabs as this person left them. An address that says where to go is gone to. */
export function attend(subject: string): void {
  if (subject === attended) return;
  const isOther = attended !== "";
  attended = subject;
  closed.length = 0;
  const asked = parsePlace(window.location.search);
  const isAsked = subjectOf(asked) !== "";
  const held = rememberedFor(subject);
  if (held) arrange(isAsked ? open(held, asked) : held, "replace");
  else if (isOther) arrange(single(isAsked ? asked : NOWHERE), "replace");
}

function rememberedFor(subject: string): Layout | undefined {
  const read = (text: string | null): unknown => {
    try {
      return JSON.parse(text ?? "null");
    } catch (error) {
      // What another program wrote there is none of ours.
      if (!(error instanceof SyntaxError)) throw error;
      return undefined;
    }
  };
  const own = read(sessionStorage.getItem(SESSION_KEY));
  if (typeof own === "object" && own !== null && "subject" in own && own.subject === subject && "layout" in own) return readLayout(own.layout);
  return readLayout(read(localStorage.getItem(storageKey(subject))));
}

function remember(): void {
  if (!attended) return;
  const now = layout.get();
  // A reload finds everything again; what outlives this browser tab tells no names of objects.
  sessionStorage.setItem(SESSION_KEY, JSON.stringify({ subject: attended, layout: now }));
  localStorage.setItem(storageKey(attended), JSON.stringify(nameless(now)));
}

function nameless(held: Layout): Layout {
  const strip = (at: Place): Place => ({ ...at, name: "", inNamespace: "", tab: "", filter: "", alone: "" });
  return {
    ...held,
    columns: held.columns.map((column) => ({
      ...column,
      groups: column.groups.map((group) => ({ ...group, tabs: group.tabs.map((tab) => ({ ...tab, place: strip(tab.place) })) })),
    })),
  };
}
