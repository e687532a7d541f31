/** A live table of any length: only what is in sight is in the page, and the keyboard reaches all of it. */
import { useVirtualizer, defaultRangeExtractor } from "@tanstack/react-virtual";
import { useCallback, useEffect, useMemo, useRef, useState, useSyncExternalStore, type KeyboardEvent, type RefObject } from "react";
import { Store, useStore } from "../store";
import type { RemoteTable, SeenRow, TableOutline } from "../table/remote-table";
import { FIRST_LOOK, type Sort } from "../table/table-view";
import type { UsageHistory } from "../usage/history";
import { templateOf, widthsOf, type GridColumn } from "./columns";
import { GridRow } from "./GridRow";
import { DownIcon, UpIcon } from "./icons";
import { rowHeight, settings } from "./settings";

const HEADER_HEIGHT = 30;
/** So many rows beyond what is in sight are there before they are scrolled to, and so many more at a time. */
const AHEAD = 60;
const STEP = 30;
const HOLD_MS = 3000;
const MARK_WIDTH = 30;

interface Props {
  readonly label: string;
  readonly table: RemoteTable;
  readonly columns: readonly GridColumn[];
  readonly sort: Sort;
  readonly now: Store<number>;
  /** "namespace/name" of the open object; empty when none is. */
  readonly open: string;
  readonly usage?: UsageHistory | undefined;
  readonly element: RefObject<HTMLDivElement | null>;
  readonly onSort: (sort: Sort) => void;
  readonly onOpen: (row: SeenRow) => void;
  /** Keys the grid has no use for itself. */
  readonly onKey: (event: KeyboardEvent, row: SeenRow | undefined) => void;
}

export function Grid(props: Props) {
  const { table, columns, sort, element } = props;
  const outline = useSyncExternalStore(table.subscribeOutline, table.getOutline);
  const [active, setActive] = useState<Active | undefined>();
  const activeIndex = activeIndexOf(outline, active);
  const hold = useHold(table);

  const virtual = useVirtualizer({
    count: outline.shown,
    getScrollElement: () => element.current,
    estimateSize: rowHeight,
    getItemKey: (index) => outline.ids[index - outline.start] ?? index,
    overscan: 10,
    scrollMargin: 0,
    scrollPaddingStart: HEADER_HEIGHT,
    // The active row stays in the page wherever one scrolls, so that the focus has something to point to.
    rangeExtractor: (range) => {
      const indexes = defaultRangeExtractor(range);
      if (activeIndex >= 0 && activeIndex < range.startIndex) return [activeIndex, ...indexes.filter((i) => i !== activeIndex)];
      if (activeIndex > range.endIndex && !indexes.includes(activeIndex)) return [...indexes, activeIndex];
      return indexes;
    },
  });

  const { density, hasLetterKeys } = useStore(settings);
  useEffect(() => virtual.measure(), [virtual, density]);
  const isNarrow = useIsNarrow();
  // The same one always: rows that are drawn once keep what they were given, and with it all that it can reach.
  const onOpen = useRef(props.onOpen);
  onOpen.current = props.onOpen;
  const choose = useCallback((chosen: SeenRow, index: number) => {
    setActive({ id: chosen.id, index });
    onOpen.current(chosen);
  }, []);

  const range = virtual.range;
  useEffect(() => {
    if (!range) return;
    const start = Math.max(0, Math.floor((range.startIndex - AHEAD) / STEP) * STEP);
    const end = Math.ceil((range.endIndex + AHEAD) / STEP) * STEP;
    table.turn({ start, count: Math.max(end - start, FIRST_LOOK.count) });
  }, [table, range?.startIndex, range?.endIndex]);

  const row = active && table.at(activeIndex);
  useEffect(() => {
    if (!active || !row || row.id === active.id) return;
    // A row that was out of sight when it was gone to, or that took the place of one that is gone.
    setActive({ id: row.id, index: activeIndex });
  }, [active, row, activeIndex]);
  useEffect(() => table.turn({ follow: active?.id ?? "" }), [table, active?.id]);

  const widths = useWidths(columns, outline, table, isNarrow);
  const style = useMemo(
    () => ({ gridTemplateColumns: `${MARK_WIDTH}px ${templateOf(columns, widths)}`, minWidth: widths.reduce((sum, width) => sum + width, MARK_WIDTH) }),
    [columns, widths],
  );

  function move(index: number) {
    if (outline.shown === 0) return undefined;
    const next = Math.max(0, Math.min(outline.shown - 1, index));
    setActive({ id: table.at(next)?.id ?? "", index: next });
    virtual.scrollToIndex(next, { align: "auto" });
    hold();
    return next;
  }

  function press(event: KeyboardEvent<HTMLDivElement>) {
    if (event.target !== event.currentTarget) return;
    const page = Math.max(1, Math.floor(((element.current?.clientHeight ?? 300) - HEADER_HEIGHT) / rowHeight()) - 1);
    const last = outline.shown - 1;
    const isPlain = !event.ctrlKey && !event.metaKey && !event.altKey;
    if (isPlain && !hasLetterKeys && /^\p{L}$/u.test(event.key)) return;
    const target: number | undefined = isPlain
      ? {
          ArrowDown: activeIndex + 1,
          j: activeIndex + 1,
          ArrowUp: activeIndex - 1,
          k: activeIndex - 1,
          PageDown: activeIndex + page,
          PageUp: activeIndex - page,
          Home: 0,
          g: 0,
          End: last,
          G: last,
        }[event.key]
      : undefined;
    if (target !== undefined) {
      event.preventDefault();
      const from = activeIndex;
      const to = move(target);
      if (event.shiftKey && event.key.startsWith("Arrow") && from >= 0 && to !== undefined) table.mark({ is: "range", from, to });
    } else if (isPlain && event.key === " " && row) {
      event.preventDefault();
      table.mark({ is: "toggled", id: row.id });
    } else if ((event.ctrlKey || event.metaKey) && event.key === "a") {
      event.preventDefault();
      table.mark({ is: "all" });
    } else if (isPlain && event.key === "Enter" && row) {
      event.preventDefault();
      props.onOpen(row);
    } else {
      props.onKey(event, row);
    }
  }

  function focused() {
    if (activeIndex < 0) move(0);
  }

  const items = virtual.getVirtualItems();
  const activeId = activeIndex >= 0 && items.some((item) => item.index === activeIndex) ? rowId(activeIndex) : undefined;
  return (
    <div
      ref={element}
      className="grid"
      role="grid"
      aria-label={props.label}
      aria-rowcount={outline.shown + 1}
      aria-colcount={columns.length + 1}
      aria-multiselectable
      aria-activedescendant={activeId}
      tabIndex={0}
      data-first
      onKeyDown={press}
      onFocus={(event) => event.target === event.currentTarget && focused()}
    >
      <div className="grid-head" role="rowgroup">
        <div className="grid-row head" role="row" aria-rowindex={1} style={style}>
          <div className="cell mark" role="columnheader" aria-colindex={1} aria-label="Marked">
            <input
              type="checkbox"
              tabIndex={-1}
              aria-label="Mark all that are shown"
              checked={outline.markedCount > 0 && outline.markedCount >= outline.shown}
              onChange={(event) => table.mark({ is: event.target.checked ? "all" : "none" })}
            />
          </div>
          {columns.map((column, index) => (
            <Head key={column.id} column={column} index={index} sort={sort} onSort={props.onSort} />
          ))}
        </div>
      </div>
      <div className="grid-body" role="rowgroup" style={{ height: virtual.getTotalSize(), minWidth: style.minWidth }} onPointerMove={hold}>
        {items.map((item) => (
          <GridRow
            key={item.key}
            id={outline.ids[item.index - outline.start]}
            domId={rowId(item.index)}
            index={item.index}
            top={item.start}
            table={table}
            columns={columns}
            columnStyle={style}
            now={props.now}
            isActive={item.index === activeIndex}
            open={props.open}
            usage={props.usage}
            isMarked={outline.marked.has(outline.ids[item.index - outline.start] ?? "")}
            hasMarks={outline.markedCount > 0}
            onChoose={choose}
          />
        ))}
      </div>
    </div>
  );
}

function Head({ column, index, sort, onSort }: { column: GridColumn; index: number; sort: Sort; onSort: (sort: Sort) => void }) {
  const isSorted = sort.column === column.id;
  const direction = isSorted ? (sort.isDescending ? "descending" : "ascending") : "none";
  return (
    <div
      className={`cell ${column.kind}${column.id === -2 ? " name" : ""}`}
      role="columnheader"
      aria-colindex={index + 2}
      aria-sort={direction}
      title={column.description || undefined}
    >
      {column.usage ? <span className="sort">{column.title}</span> : <button type="button" className="sort" onClick={() => onSort({ column: column.id, isDescending: isSorted && !sort.isDescending })}>
        {column.title}
        {isSorted && (sort.isDescending ? <DownIcon /> : <UpIcon />)}
      </button>}
    </div>
  );
}

function rowId(index: number): string {
  return `row-${index}`;
}

interface Active {
  /** Empty while the row has not come into sight. */
  readonly id: string;
  readonly index: number;
}

/** The active row follows its object; when that is gone, whatever took its place is active. */
function activeIndexOf(outline: TableOutline, active: Active | undefined): number {
  if (!active || outline.shown === 0) return -1;
  const inSight = active.id === "" ? -1 : outline.ids.indexOf(active.id);
  if (inSight >= 0) return outline.start + inSight;
  if (active.id !== "" && outline.follow === active.id && outline.followed >= 0) return outline.followed;
  return Math.min(active.index, outline.shown - 1);
}

/** As wide as what has been in sight needs; columns grow and never shrink, so that nothing jumps about. */
function useWidths(columns: readonly GridColumn[], outline: TableOutline, table: RemoteTable, isNarrow: boolean): readonly number[] {
  const last = useRef<{ columns: readonly GridColumn[]; isNarrow: boolean; widths: readonly number[] } | undefined>(undefined);
  return useMemo(() => {
    const needed = widthsOf(columns, outline.ids.flatMap((id) => table.getRow(id) ?? []), isNarrow);
    const former = last.current?.columns === columns && last.current.isNarrow === isNarrow ? last.current.widths : [];
    const isWider = needed.some((width, index) => width > (former[index] ?? 0));
    const widths = isWider ? needed.map((width, index) => Math.max(width, former[index] ?? 0)) : former;
    last.current = { columns, isNarrow, widths };
    return widths;
  }, [columns, outline, table, isNarrow]);
}

/** Rows stay where they are while somebody points at them, and for a moment after. */
function useHold(table: RemoteTable): () => void {
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  useEffect(() => () => clearTimeout(timer.current), [table]);
  return useCallback(() => {
    clearTimeout(timer.current);
    table.turn({ isHeld: true });
    timer.current = setTimeout(() => table.turn({ isHeld: false }), HOLD_MS);
  }, [table]);
}

const narrow = window.matchMedia("(max-width: 760px)");
const subscribeNarrow = (listener: () => void) => {
  narrow.addEventListener("change", listener);
  return () => narrow.removeEventListener("change", listener);
};

export function useIsNarrow(): boolean {
  return useSyncExternalStore(subscribeNarrow, () => narrow.matches);
}
