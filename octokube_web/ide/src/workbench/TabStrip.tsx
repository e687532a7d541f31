/** The tabs of one group: shown, moved, kept and closed with mouse and keyboard. */
import { useState, type DragEvent, type KeyboardEvent, type MouseEvent } from "react";
import { CloseIcon, SplitIcon } from "../ui/icons";
import { DRAG_TYPE, draggedTab, endDrag, startDrag } from "./dragging";
import { bodyId, tabId } from "./ids";
import { GROUP_LIMIT, groupsOf, move, split, type Group, type Tab } from "./layout";
import { arrange, closeTab, keepTab, layout, showTab } from "./tabs";
import type { TabTitle } from "./titles";

interface Props {
  readonly group: Group;
  readonly label: string;
  readonly isActive: boolean;
  /** Whether this is the only tab of all: it can't be closed. */
  readonly isLast: boolean;
  readonly titleOf: (tab: Tab) => TabTitle;
}

export function TabStrip({ group, label, isActive, isLast, titleOf }: Props) {
  const [target, setTarget] = useState(-1);

  function walk(event: KeyboardEvent) {
    const at = group.tabs.findIndex((tab) => tab.id === group.shown);
    const next = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: group.tabs.length - 1 }[event.key];
    if (next !== undefined) {
      const tab = group.tabs[(next + group.tabs.length) % group.tabs.length];
      if (!tab) return;
      showTab(tab.id);
      document.getElementById(tabId(tab.id))?.focus();
    } else if (event.key === "Delete") {
      closeTab(group.shown);
      requestAnimationFrame(() => document.querySelector<HTMLElement>(".dock-group[data-active] [role='tab'][aria-selected='true']")?.focus());
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }

  function over(event: DragEvent<HTMLElement>) {
    if (!event.dataTransfer.types.includes(DRAG_TYPE)) return;
    event.preventDefault();
    event.stopPropagation();
    const tabs = [...event.currentTarget.querySelectorAll<HTMLElement>(".dock-tab")];
    const index = tabs.findIndex((tab) => {
      const box = tab.getBoundingClientRect();
      return event.clientX < box.left + box.width / 2;
    });
    setTarget(index < 0 ? tabs.length : index);
  }

  function drop(event: DragEvent) {
    if (target < 0 || draggedTab() === 0) return;
    event.preventDefault();
    event.stopPropagation();
    arrange(move(layout.get(), draggedTab(), group.id, target));
    setTarget(-1);
    endDrag();
  }

  const isFull = groupsOf(layout.get()).length >= GROUP_LIMIT;
  return (
    <div className="dock-head" onDragOver={over} onDragLeave={() => setTarget(-1)} onDrop={drop}>
      <div className="dock-strip" role="tablist" aria-label={label} onKeyDown={walk}>
        {group.tabs.map((tab, index) => (
          <TabHandle key={tab.id} tab={tab} {...titleOf(tab)} isShown={tab.id === group.shown} isLast={isLast} isTarget={target === index} />
        ))}
        {target === group.tabs.length && <span className="dock-target" aria-hidden="true" />}
      </div>
      <button
        type="button"
        className="quiet square dock-split"
        aria-label="Split to the right"
        title={isFull ? `${GROUP_LIMIT} groups are open: more would have no room` : "Split to the right (Ctrl+\\)"}
        aria-disabled={isFull}
        tabIndex={isActive ? 0 : -1}
        onClick={() => arrange(split(layout.get(), group.shown, "right"))}
      >
        <SplitIcon />
      </button>
    </div>
  );
}

interface HandleProps extends TabTitle {
  readonly tab: Tab;
  readonly isShown: boolean;
  readonly isLast: boolean;
  readonly isTarget: boolean;
}

function TabHandle({ tab, title, detail, isShown, isLast, isTarget }: HandleProps) {
  function middle(event: MouseEvent) {
    if (event.button !== 1) return;
    event.preventDefault();
    closeTab(tab.id);
  }
  return (
    <div
      role="presentation"
      className={["dock-tab", isShown && "shown", !tab.isKept && "preview", isTarget && "target"].filter(Boolean).join(" ")}
      draggable
      onDragStart={(event) => {
        event.dataTransfer.setData(DRAG_TYPE, "");
        event.dataTransfer.effectAllowed = "move";
        startDrag(tab.id);
      }}
      onDragEnd={endDrag}
      onAuxClick={middle}
      onDoubleClick={() => keepTab(tab.id)}
    >
      <button
        type="button"
        role="tab"
        id={tabId(tab.id)}
        aria-selected={isShown}
        aria-controls={isShown ? bodyId(tab.id) : undefined}
        tabIndex={isShown ? 0 : -1}
        title={[title, detail, tab.isKept ? "" : "a preview: double-click to keep it"].filter(Boolean).join("\n")}
        onClick={() => showTab(tab.id)}
      >
        <span className="dock-title">{title}</span>
        {detail && <span className="dock-detail muted">{detail}</span>}
      </button>
      {/* For the pointer: with the keyboard it is Delete on the tab, or Alt+W. */}
      {!isLast && <span className="dock-close" aria-hidden="true" title="Close (Alt+W)" onClick={() => closeTab(tab.id)}><CloseIcon /></span>}
    </div>
  );
}
