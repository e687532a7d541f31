/** The groups of tabs beside and below each other, with bars between them, and what a dragged tab is dropped on. */
import { Fragment, useState, type DragEvent, type KeyboardEvent, type PointerEvent, type ReactNode } from "react";
import { useStore } from "../store";
import { DRAG_TYPE, draggedTab, endDrag, sideAt } from "./dragging";
import { bodyId, tabId } from "./ids";
import { groupsOf, move, moveToSide, share, showGroup, tabsOf, type Group, type Side, type Tab } from "./layout";
import { TabStrip } from "./TabStrip";
import { arrange, layout } from "./tabs";
import type { TabTitle } from "./titles";

interface Props {
  readonly titleOf: (tab: Tab) => TabTitle;
  readonly render: (tab: Tab, isSeen: boolean, isActive: boolean) => ReactNode;
}

export function Docks({ titleOf, render }: Props) {
  const now = useStore(layout);
  const groups = groupsOf(now);
  const isLast = tabsOf(now).length === 1;
  return (
    <div className="docks">
      {now.columns.map((column, at) => (
        <Fragment key={column.id}>
          {at > 0 && <Sash within={undefined} first={at - 1} parts={now.columns} />}
          <div className="dock-column" style={{ flexGrow: column.share }}>
            {column.groups.map((group, row) => (
              <Fragment key={group.id}>
                {row > 0 && <Sash within={column.id} first={row - 1} parts={column.groups} />}
                <DockGroup
                  group={group}
                  label={groups.length > 1 ? `Tabs of group ${groups.indexOf(group) + 1}` : "Tabs"}
                  isActive={group.id === now.active}
                  isLast={isLast}
                  isOnly={groups.length === 1}
                  {...{ titleOf, render }}
                />
              </Fragment>
            ))}
          </div>
        </Fragment>
      ))}
    </div>
  );
}

interface GroupProps extends Props {
  readonly group: Group;
  readonly label: string;
  readonly isActive: boolean;
  readonly isLast: boolean;
  readonly isOnly: boolean;
}

function DockGroup({ group, label, isActive, isLast, isOnly, titleOf, render }: GroupProps) {
  const [over, setOver] = useState<Side | "middle" | undefined>();
  const activate = () => {
    if (!isActive) arrange(showGroup(layout.get(), group.id), "replace");
  };
  function hover(event: DragEvent<HTMLElement>) {
    if (!event.dataTransfer.types.includes(DRAG_TYPE)) return;
    event.preventDefault();
    setOver(sideAt(event.currentTarget.getBoundingClientRect(), event.clientX, event.clientY) ?? "middle");
  }
  function drop(event: DragEvent) {
    const tab = draggedTab();
    if (!over || tab === 0) return;
    event.preventDefault();
    const before = layout.get();
    arrange(over === "middle" ? move(before, tab, group.id, group.tabs.length) : moveToSide(before, tab, group.id, over));
    setOver(undefined);
    endDrag();
  }
  return (
    <section
      className="dock-group"
      style={{ flexGrow: group.share }}
      aria-label={isOnly ? undefined : label.replace("Tabs of group", "Group")}
      data-active={isActive ? "" : undefined}
      data-region={isOnly ? undefined : ""}
      tabIndex={isOnly ? undefined : -1}
      onFocusCapture={activate}
      onPointerDownCapture={activate}
    >
      <TabStrip {...{ group, label, isActive, isLast, titleOf }} />
      <div className="dock-bodies" onDragOver={hover} onDragLeave={() => setOver(undefined)} onDrop={drop}>
        {group.tabs.map((tab) => {
          const isSeen = tab.id === group.shown;
          return (
            <div key={tab.id} className="tab-body" id={bodyId(tab.id)} role="tabpanel" aria-labelledby={tabId(tab.id)} hidden={!isSeen}>
              {render(tab, isSeen, isSeen && isActive)}
            </div>
          );
        })}
        {over && <div className={`dock-drop ${over}`} aria-hidden="true" />}
      </div>
    </section>
  );
}

const STEP = 0.04;

/** Between two neighbours; dragged, or moved with the arrow keys. */
function Sash({ within, first, parts }: { within: number | undefined; first: number; parts: readonly { share: number }[] }) {
  const isBeside = within === undefined;
  const one = parts[first]?.share ?? 1;
  const other = parts[first + 1]?.share ?? 1;
  const part = one / (one + other);
  const set = (next: number) => arrange(share(layout.get(), within, first, next), "keep");
  function drag(event: PointerEvent<HTMLElement>) {
    const sash = event.currentTarget;
    if (!sash.hasPointerCapture(event.pointerId)) return;
    const before = sash.previousElementSibling?.getBoundingClientRect();
    const after = sash.nextElementSibling?.getBoundingClientRect();
    if (!before || !after) return;
    set(isBeside ? (event.clientX - before.left) / (after.right - before.left) : (event.clientY - before.top) / (after.bottom - before.top));
  }
  return (
    <div
      className={isBeside ? "sash beside" : "sash below"}
      role="separator"
      aria-orientation={isBeside ? "vertical" : "horizontal"}
      aria-label="Room of the groups"
      aria-valuenow={Math.round(part * 100)}
      aria-valuemin={15}
      aria-valuemax={85}
      tabIndex={0}
      onPointerDown={(event: PointerEvent<HTMLElement>) => event.currentTarget.setPointerCapture(event.pointerId)}
      onPointerMove={drag}
      onDoubleClick={() => set(0.5)}
      onKeyDown={(event: KeyboardEvent) => {
        const step = { ArrowLeft: -STEP, ArrowUp: -STEP, ArrowRight: STEP, ArrowDown: STEP }[event.key];
        if (step) set(part + step);
      }}
    />
  );
}
