/** What can be done with tabs: by key, and from the palette. */
import type { Command } from "../ui/palette-items";
import { bodyId, tabId } from "./ids";
import { activeTab, groupsOf, groupTowards, move, moveToSide, neighbour, showGroup, split, tabsOf, type Side, type Tab } from "./layout";
import { arrange, closeTab, keepTab, layout, reopenTab, showTab } from "./tabs";
import type { TabTitle } from "./titles";

/** Puts the focus into the active tab: who changes tabs with the keyboard goes on there. */
export function focusActiveTab(): void {
  requestAnimationFrame(() => {
    const { id } = activeTab(layout.get());
    const body = document.getElementById(bodyId(id));
    const target = body?.querySelector<HTMLElement>(".grid") ?? body?.querySelector<HTMLElement>(".panel, [data-first], h1[tabindex]");
    (target ?? document.getElementById(tabId(id)))?.focus();
  });
}

function towards(side: Side): void {
  const now = layout.get();
  const { id } = activeTab(now);
  const other = groupTowards(now, side);
  arrange(other ? move(now, id, other.id, other.tabs.length) : moveToSide(now, id, now.active, side));
}

interface KeyedCommand extends Command {
  /** As `chordOf` says it. */
  readonly chord: string;
  /** What there has to be several of for it to do anything. */
  readonly needs?: "tabs" | "groups";
}

const active = () => activeTab(layout.get()).id;

const KEYED: readonly KeyedCommand[] = [
  { title: "Close tab", keys: "Alt+W", chord: "alt KeyW", needs: "tabs", run: () => closeTab(active()) },
  { title: "Reopen closed tab", keys: "Alt+Shift+T", chord: "alt shift KeyT", run: reopenTab },
  { title: "Next tab", keys: "Alt+]", chord: "alt BracketRight", needs: "tabs", run: () => showTab(neighbour(layout.get(), 1)) },
  { title: "Previous tab", keys: "Alt+[", chord: "alt BracketLeft", needs: "tabs", run: () => showTab(neighbour(layout.get(), -1)) },
  { title: "Tab used before", keys: "Alt+Q", chord: "alt KeyQ", needs: "tabs", run: () => showTab(layout.get().recent[1] ?? active()) },
  { title: "Split to the right", keys: "Ctrl+\\", chord: "ctrl Backslash", run: () => arrange(split(layout.get(), active(), "right")) },
  { title: "Split downwards", keys: "Ctrl+Shift+\\", chord: "ctrl shift Backslash", run: () => arrange(split(layout.get(), active(), "down")) },
  { title: "Move tab to the left", keys: "Alt+Shift+←", chord: "alt shift ArrowLeft", needs: "tabs", run: () => towards("left") },
  { title: "Move tab to the right", keys: "Alt+Shift+→", chord: "alt shift ArrowRight", needs: "tabs", run: () => towards("right") },
  { title: "Move tab up", keys: "Alt+Shift+↑", chord: "alt shift ArrowUp", needs: "tabs", run: () => towards("up") },
  { title: "Move tab down", keys: "Alt+Shift+↓", chord: "alt shift ArrowDown", needs: "tabs", run: () => towards("down") },
  ...[1, 2, 3, 4].map((number) => ({
    title: `Focus group ${number}`,
    keys: `Alt+Shift+${number}`,
    chord: `alt shift Digit${number}`,
    needs: "groups" as const,
    run: () => {
      const group = groupsOf(layout.get())[number - 1];
      if (group) arrange(showGroup(layout.get(), group.id), "replace");
    },
  })),
];

/** The keys of an event by where they lie: with Alt, some keyboards write other signs than their letters. */
export function chordOf(event: Pick<KeyboardEvent, "altKey" | "ctrlKey" | "metaKey" | "shiftKey" | "code">): string {
  const held = [event.altKey && "alt", (event.ctrlKey || event.metaKey) && "ctrl", event.shiftKey && "shift"].filter(Boolean);
  return [...held, event.code].join(" ");
}

/** Does what a key stands for; false when it stands for nothing here. */
export function pressTabKey(event: KeyboardEvent): boolean {
  const command = KEYED.find((one) => one.chord === chordOf(event));
  if (!command) return false;
  command.run();
  focusActiveTab();
  return true;
}

/** For the palette, with the tabs that one can go to. */
export function tabCommands(titleOf: (tab: Tab) => TabTitle): Command[] {
  const now = layout.get();
  const tabs = tabsOf(now);
  const counts = { tabs: tabs.length, groups: groupsOf(now).length };
  const go = (run: () => void) => () => (run(), focusActiveTab());
  return [
    ...(tabs.length > 1 ? tabs.map((tab) => ({ title: `Tab: ${[titleOf(tab).title, titleOf(tab).detail].filter(Boolean).join(" · ")}`, run: go(() => showTab(tab.id)) })) : []),
    { title: "Keep this tab", run: () => keepTab(active()) },
    ...KEYED.filter(({ needs }) => !needs || counts[needs] > 1).map(({ title, keys, run }) => ({ title, ...(keys ? { keys } : {}), run: go(run) })),
  ];
}
