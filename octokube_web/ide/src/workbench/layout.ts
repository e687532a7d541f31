/** How tabs are arranged: columns of groups of tabs, one group of them active. Every function gives another arrangement. */
import { NOWHERE, parsePlace, subjectOf, type Place } from "../location";

export interface Tab {
  readonly id: number;
  readonly place: Place;
  /** Whether it stays; otherwise it is a preview, whose place the next thing takes. */
  readonly isKept: boolean;
}

export interface Group {
  readonly id: number;
  readonly tabs: readonly Tab[];
  /** The tab that is seen. */
  readonly shown: number;
  /** Its part of the column, beside the other groups' shares. */
  readonly share: number;
}

export interface Column {
  readonly id: number;
  readonly groups: readonly Group[];
  readonly share: number;
}

export interface Layout {
  readonly columns: readonly Column[];
  /** The group that has or had the focus last. */
  readonly active: number;
  /** Tabs, the one that was looked at last first. */
  readonly recent: readonly number[];
  /** The greatest number given so far. */
  readonly last: number;
}

export type Side = "left" | "right" | "up" | "down";

/** More groups than this leave none of them room. */
export const GROUP_LIMIT = 4;
/** Each may hold a stream; who opens more loses the tab looked at longest ago, of those that nothing runs or is written in. */
export const TAB_LIMIT = 40;
const LEAST_SHARE = 0.15;

export function single(place: Place): Layout {
  const tab: Tab = { id: 1, place, isKept: false };
  return { columns: [{ id: 3, groups: [{ id: 2, tabs: [tab], shown: 1, share: 1 }], share: 1 }], active: 2, recent: [1], last: 3 };
}

export const groupsOf = (layout: Layout): readonly Group[] => layout.columns.flatMap((column) => column.groups);
export const tabsOf = (layout: Layout): readonly Tab[] => groupsOf(layout).flatMap((group) => group.tabs);
export const groupOf = (layout: Layout, tab: number): Group | undefined =>
  groupsOf(layout).find((group) => group.tabs.some((one) => one.id === tab));

export function activeGroup(layout: Layout): Group {
  const group = groupsOf(layout).find((one) => one.id === layout.active);
  if (!group) throw new Error("a layout without its active group");
  return group;
}

export function activeTab(layout: Layout): Tab {
  const group = activeGroup(layout);
  const tab = group.tabs.find((one) => one.id === group.shown);
  if (!tab) throw new Error("a group without the tab it shows");
  return tab;
}

function withGroups(layout: Layout, change: (group: Group) => Group): Layout {
  return { ...layout, columns: layout.columns.map((column) => ({ ...column, groups: column.groups.map(change) })) };
}

function withTab(layout: Layout, id: number, change: (tab: Tab) => Tab): Layout {
  return withGroups(layout, (group) => (group.tabs.some((tab) => tab.id === id) ? { ...group, tabs: group.tabs.map((tab) => (tab.id === id ? change(tab) : tab)) } : group));
}

/** Brings a tab to the front and makes its group the active one. */
export function show(layout: Layout, id: number): Layout {
  const group = groupOf(layout, id);
  if (!group) return layout;
  if (layout.active === group.id && group.shown === id && layout.recent[0] === id) return layout;
  const shown = withGroups(layout, (one) => (one.id === group.id ? { ...one, shown: id } : one));
  return { ...shown, active: group.id, recent: [id, ...layout.recent.filter((one) => one !== id)] };
}

/** Makes a group the active one, with the tab it shows. */
export function showGroup(layout: Layout, id: number): Layout {
  const group = groupsOf(layout).find((one) => one.id === id);
  return group ? show(layout, group.shown) : layout;
}

/** Another place in the same tab. What somebody works on there keeps the tab. */
export function update(layout: Layout, id: number, place: Place): Layout {
  return withTab(layout, id, (tab) => ({ ...tab, place, isKept: tab.isKept || place.tab === "edit" || place.tab === "terminal" }));
}

export const keep = (layout: Layout, id: number): Layout => withTab(layout, id, (tab) => (tab.isKept ? tab : { ...tab, isKept: true }));

/** The tab about a subject: of the active group rather than of another. */
export function tabAbout(layout: Layout, subject: string): Tab | undefined {
  const isAbout = (tab: Tab) => subjectOf(tab.place) === subject;
  return activeGroup(layout).tabs.find(isAbout) ?? tabsOf(layout).find(isAbout);
}

/** Goes to a place: in the tab that is about it, else in the active group's preview, else in a new tab beside the shown one. */
export function open(layout: Layout, place: Place, { isKept = false } = {}): Layout {
  const subject = subjectOf(place);
  const held = tabAbout(layout, subject) ?? activeGroup(layout).tabs.find((tab) => subjectOf(tab.place) === "");
  if (held) return show(update(isKept ? keep(layout, held.id) : layout, held.id, place), held.id);
  const preview = isKept ? undefined : activeGroup(layout).tabs.find((tab) => !tab.isKept);
  if (preview) return show(update(layout, preview.id, place), preview.id);
  const roomy = tabsOf(layout).length < TAB_LIMIT ? layout : close(layout, idlest(layout));
  const tab: Tab = { id: roomy.last + 1, place, isKept };
  const added = withGroups({ ...roomy, last: tab.id }, (group) => (group.id === roomy.active ? { ...group, tabs: inserted(group, tab) } : group));
  return show(added, tab.id);
}

function idlest(layout: Layout): number {
  const idle = tabsOf(layout).filter((tab) => tab.place.tab !== "edit" && tab.place.tab !== "terminal");
  const age = (tab: Tab) => (layout.recent.indexOf(tab.id) + layout.recent.length + 1) % (layout.recent.length + 1);
  return [...(idle.length > 0 ? idle : tabsOf(layout))].sort((a, b) => age(b) - age(a))[0]?.id ?? 0;
}

function inserted(group: Group, tab: Tab, index = group.tabs.findIndex((one) => one.id === group.shown) + 1): Tab[] {
  return [...group.tabs.slice(0, index), tab, ...group.tabs.slice(index)];
}

/** Takes a tab out, and with it a group or column that holds nothing any more. The last tab of all stays. */
export function close(layout: Layout, id: number): Layout {
  const group = groupOf(layout, id);
  if (!group || tabsOf(layout).length === 1) return layout;
  const recent = layout.recent.filter((one) => one !== id);
  const tabs = group.tabs.filter((tab) => tab.id !== id);
  const at = group.tabs.findIndex((tab) => tab.id === id);
  const neighbour = tabs[Math.min(at, tabs.length - 1)]?.id ?? 0;
  const next = recent.find((one) => tabs.some((tab) => tab.id === one)) ?? neighbour;
  const without = withGroups({ ...layout, recent }, (one) => (one.id === group.id ? { ...one, tabs, shown: one.shown === id ? next : one.shown } : one));
  return tidy(without);
}

/** With shares that make up the whole again. */
function filled<T extends { readonly share: number }>(parts: readonly T[]): readonly T[] {
  const sum = parts.reduce((total, one) => total + one.share, 0);
  return Math.abs(sum - 1) < 1e-9 ? parts : parts.map((one) => ({ ...one, share: one.share / sum }));
}

function tidy(layout: Layout): Layout {
  const columns = filled(
    layout.columns
      .map((column) => ({ ...column, groups: filled(column.groups.filter((group) => group.tabs.length > 0)) }))
      .filter((column) => column.groups.length > 0),
  );
  const next = { ...layout, columns };
  const groups = groupsOf(next);
  if (groups.some((group) => group.id === layout.active)) return next;
  const shown = layout.recent.find((id) => groups.some((group) => group.shown === id));
  return { ...next, active: (groups.find((group) => group.shown === shown) ?? groups[0])?.id ?? 0 };
}

/** Shows a tab's place a second time, in a group of its own beside the first. */
export function split(layout: Layout, id: number, side: "right" | "down"): Layout {
  const tab = tabsOf(layout).find((one) => one.id === id);
  if (!tab || groupsOf(layout).length >= GROUP_LIMIT) return layout;
  return withNewGroup(layout, groupOf(layout, id)?.id ?? 0, side, { ...tab, id: layout.last + 1, isKept: true }, layout.last + 1);
}

/** Moves a tab into a group, before the tab at an index. */
export function move(layout: Layout, id: number, group: number, index: number): Layout {
  const from = groupOf(layout, id);
  const tab = from?.tabs.find((one) => one.id === id);
  const to = groupsOf(layout).find((one) => one.id === group);
  if (!from || !tab || !to) return layout;
  if (from.id === to.id) {
    const at = from.tabs.indexOf(tab);
    const rest = from.tabs.filter((one) => one !== tab);
    const place = Math.max(0, Math.min(rest.length, index > at ? index - 1 : index));
    const tabs = [...rest.slice(0, place), tab, ...rest.slice(place)];
    return show(withGroups(layout, (one) => (one.id === from.id ? { ...one, tabs } : one)), id);
  }
  const kept: Tab = { ...tab, isKept: true };
  const put = withGroups(taken(layout, from, id), (one) => (one.id === to.id ? { ...one, tabs: inserted(one, kept, Math.max(0, Math.min(one.tabs.length, index))) } : one));
  return show(tidy(put), id);
}

/** Moves a tab into a new group at a side of another. */
export function moveToSide(layout: Layout, id: number, group: number, side: Side): Layout {
  const from = groupOf(layout, id);
  const tab = from?.tabs.find((one) => one.id === id);
  if (!from || !tab || (from.id === group && from.tabs.length === 1)) return layout;
  const grows = from.tabs.length > 1 ? 1 : 0;
  if (groupsOf(layout).length + grows > GROUP_LIMIT) return layout;
  return tidy(withNewGroup(taken(layout, from, id), group, side, { ...tab, isKept: true }, layout.last));
}

function taken(layout: Layout, from: Group, id: number): Layout {
  const tabs = from.tabs.filter((tab) => tab.id !== id);
  const next = layout.recent.find((one) => tabs.some((tab) => tab.id === one)) ?? tabs[0]?.id ?? 0;
  return withGroups(layout, (one) => (one.id === from.id ? { ...one, tabs, shown: one.shown === id ? next : one.shown } : one));
}

function withNewGroup(layout: Layout, beside: number, side: Side, tab: Tab, last: number): Layout {
  const group: Group = { id: last + 1, tabs: [tab], shown: tab.id, share: 1 };
  const columns = layout.columns.flatMap((column): Column[] => {
    const at = column.groups.findIndex((one) => one.id === beside);
    if (at < 0) return [column];
    const before = side === "left" || side === "up";
    if (side === "left" || side === "right") {
      const half = { ...column, share: column.share / 2 };
      const fresh: Column = { id: last + 2, groups: [group], share: column.share / 2 };
      return before ? [fresh, half] : [half, fresh];
    }
    const share = (column.groups[at]?.share ?? 1) / 2;
    const groups = column.groups.flatMap((one) => {
      if (one.id !== beside) return [one];
      const pair = [{ ...one, share }, { ...group, share }];
      return before ? pair.reverse() : pair;
    });
    return [{ ...column, groups }];
  });
  return show({ ...layout, columns, last: last + 2 }, tab.id);
}

/** The tab `step` places further in the active group, around its ends. */
export function neighbour(layout: Layout, step: 1 | -1): number {
  const { tabs, shown } = activeGroup(layout);
  const at = tabs.findIndex((tab) => tab.id === shown);
  return tabs[(at + step + tabs.length) % tabs.length]?.id ?? shown;
}

/** The group that lies in a direction from the active one. */
export function groupTowards(layout: Layout, side: Side): Group | undefined {
  const at = layout.columns.findIndex((column) => column.groups.some((group) => group.id === layout.active));
  const column = layout.columns[at];
  const row = column?.groups.findIndex((group) => group.id === layout.active) ?? 0;
  if (side === "up" || side === "down") return column?.groups[row + (side === "up" ? -1 : 1)];
  const other = layout.columns[at + (side === "left" ? -1 : 1)];
  return other?.groups[Math.min(row, other.groups.length - 1)];
}

/** Gives the first of two neighbours that part of what they have together; `within`: a column's id for its groups, undefined for columns. */
export function share(layout: Layout, within: number | undefined, first: number, part: number): Layout {
  const shared = <T extends Column | Group>(list: readonly T[]): readonly T[] => {
    const one = list[first];
    const other = list[first + 1];
    if (!one || !other) return list;
    const sum = one.share + other.share;
    const given = Math.max(LEAST_SHARE, Math.min(1 - LEAST_SHARE, part)) * sum;
    return list.map((item, index) => (index === first ? { ...item, share: given } : index === first + 1 ? { ...item, share: sum - given } : item));
  };
  if (within === undefined) return { ...layout, columns: shared(layout.columns) };
  return { ...layout, columns: layout.columns.map((column) => (column.id === within ? { ...column, groups: shared(column.groups) } : column)) };
}

/** A layout as it was stored; undefined when it is none, whatever wrote it. */
export function readLayout(held: unknown): Layout | undefined {
  const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null;
  const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? (value as unknown[]) : []);
  const shareOf = (value: unknown) => (typeof value === "number" && value > 0 && value < 1000 ? value : 1);
  if (!isRecord(held)) return undefined;
  let last = 0;
  const columns: Column[] = [];
  let active = 0;
  for (const column of list(held["columns"])) {
    if (!isRecord(column)) return undefined;
    const groups: Group[] = [];
    for (const group of list(column["groups"])) {
      if (!isRecord(group)) return undefined;
      const tabs: Tab[] = [];
      let shown = 0;
      for (const tab of list(group["tabs"]).slice(0, TAB_LIMIT)) {
        if (!isRecord(tab)) return undefined;
        const id = ++last;
        if (tab["id"] === group["shown"]) shown = id;
        tabs.push({ id, place: readPlace(tab["place"]), isKept: tab["isKept"] === true });
      }
      const first = tabs[0];
      if (!first) continue;
      const id = ++last;
      if (group["id"] === held["active"]) active = id;
      groups.push({ id, tabs, shown: shown || first.id, share: shareOf(group["share"]) });
    }
    if (groups.length > 0) columns.push({ id: ++last, groups, share: shareOf(column["share"]) });
  }
  const layout: Layout = { columns: filled(columns.map((column) => ({ ...column, groups: filled(column.groups) }))), active, recent: [], last };
  const groups = groupsOf(layout);
  const first = groups[0];
  if (!first || groups.length > GROUP_LIMIT || tabsOf(layout).length > TAB_LIMIT) return undefined;
  const known = active ? layout : { ...layout, active: first.id };
  return { ...known, recent: [activeGroup(known).shown] };
}

function readPlace(held: unknown): Place {
  const texts = Object.entries(typeof held === "object" && held !== null ? held : {});
  return Object.assign({ ...NOWHERE }, Object.fromEntries(texts.filter(([key, value]) => key in parsePlace("") && typeof value === "string"))) as Place;
}
