/** A live table of any length: only what is in sight is in the page, and the keyboard reaches all of it. */
import { useVirtualizer, defaultRangeExtractor } from "@tanstack/react-virtual";
import { useEffect, useMemo, useRef, useState, useSyncExternalStore, type KeyboardEvent, type RefObject } from "react";
import { Store } from "../store";
import type { Row, Sort, TableModel } from "../table/model";
import { templateOf, widthsOf, type GridColumn } from "./columns";
import { GridRow } from "./GridRow";
import { DownIcon, UpIcon } from "./icons";

export const ROW_HEIGHT = 28;
const HEADER_HEIGHT = 30;

interface Props {
  readonly label: string;
  readonly model: TableModel;
  readonly columns: readonly GridColumn[];
  readonly sort: Sort;
  readonly now: Store<number>;
  /** "namespace/name" of the open object; empty when none is. */
  readonly open: string;
  readonly element: RefObject<HTMLDivElement | null>;
  readonly onSort: (sort: Sort) => void;
  readonly onOpen: (row: Row) => void;
  /** Keys the grid has no use for itself. */
  readonly onKey: (event: KeyboardEvent, row: Row | undefined) => void;
}

export function Grid(props: Props) {
  const { model, columns, sort, element } = props;
  const order = useSyncExternalStore(model.subscribeOrder, model.getOrder);
  const [active, setActive] = useState<{ id: string; index: number } | undefined>();
  const activeIndex = useActiveIndex(order, active);

  const virtual = useVirtualizer({
    count: order.length,
    getScrollElement: () => element.current,
    estimateSize: () => ROW_HEIGHT,
    getItemKey: (index) => order[index] ?? index,
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

  const isNarrow = useIsNarrow();
  const magnitude = order.length === 0 ? 0 : Math.ceil(Math.log2(order.length + 1));
  const widths = useMemo(() => {
    const sample = order.slice(0, 200).flatMap((id) => model.getRow(id) ?? []);
    return widthsOf(columns, sample, isNarrow);
  }, [columns, magnitude, model, isNarrow]);
  const style = useMemo(
    () => ({ gridTemplateColumns: templateOf(columns, widths), minWidth: widths.reduce((sum, width) => sum + width, 0) }),
    [columns, widths],
  );

  function move(index: number) {
    const next = Math.max(0, Math.min(order.length - 1, index));
    const id = order[next];
    if (id === undefined) return;
    setActive({ id, index: next });
    virtual.scrollToIndex(next, { align: "auto" });
  }

  function press(event: KeyboardEvent<HTMLDivElement>) {
    if (event.target !== event.currentTarget) return;
    const id = order[activeIndex];
    const row = id === undefined ? undefined : model.getRow(id);
    const page = Math.max(1, Math.floor(((element.current?.clientHeight ?? 300) - HEADER_HEIGHT) / ROW_HEIGHT) - 1);
    const last = order.length - 1;
    const isPlain = !event.ctrlKey && !event.metaKey && !event.altKey;
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
      move(target);
    } else if (isPlain && (event.key === "Enter" || event.key === "y") && row) {
      event.preventDefault();
      props.onOpen(row);
    } else {
      props.onKey(event, row);
    }
  }

  function focused() {
    if (activeIndex < 0 && order.length > 0) move(0);
  }

  const items = virtual.getVirtualItems();
  const activeId = activeIndex >= 0 && items.some((item) => item.index === activeIndex) ? rowId(activeIndex) : undefined;
  return (
    <div
      ref={element}
      className="grid"
      role="grid"
      aria-label={props.label}
      aria-rowcount={order.length + 1}
      aria-colcount={columns.length}
      aria-activedescendant={activeId}
      tabIndex={0}
      data-first
      onKeyDown={press}
      onFocus={(event) => event.target === event.currentTarget && focused()}
    >
      <div className="grid-head" role="rowgroup">
        <div className="grid-row head" role="row" aria-rowindex={1} style={style}>
          {columns.map((column, index) => (
            <Head key={column.id} column={column} index={index} sort={sort} onSort={props.onSort} />
          ))}
        </div>
      </div>
      <div className="grid-body" role="rowgroup" style={{ height: virtual.getTotalSize(), minWidth: style.minWidth }}>
        {items.map((item) => {
          const id = order[item.index];
          if (id === undefined) return null;
          return (
            <GridRow
              key={item.key}
              id={id}
              domId={rowId(item.index)}
              index={item.index}
              top={item.start}
              model={model}
              columns={columns}
              columnStyle={style}
              now={props.now}
              isActive={item.index === activeIndex}
              open={props.open}
              onChoose={(row) => {
                setActive({ id, index: item.index });
                props.onOpen(row);
              }}
            />
          );
        })}
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
      aria-colindex={index + 1}
      aria-sort={direction}
      title={column.description || undefined}
    >
      <button type="button" className="sort" onClick={() => onSort({ column: column.id, isDescending: isSorted && !sort.isDescending })}>
        {column.title}
        {isSorted && (sort.isDescending ? <DownIcon /> : <UpIcon />)}
      </button>
    </div>
  );
}

function rowId(index: number): string {
  return `row-${index}`;
}

/** The active row follows its object; when that is gone, whatever took its place is active. */
function useActiveIndex(order: readonly string[], active: { id: string; index: number } | undefined): number {
  const last = useRef(-1);
  const index = useMemo(() => {
    if (!active || order.length === 0) return -1;
    if (order[active.index] === active.id) return active.index;
    const found = order.indexOf(active.id);
    return found >= 0 ? found : Math.min(Math.max(last.current, 0), order.length - 1);
  }, [order, active]);
  useEffect(() => {
    if (index >= 0) last.current = index;
  }, [index]);
  return index;
}

const narrow = window.matchMedia("(max-width: 760px)");
const subscribeNarrow = (listener: () => void) => {
  narrow.addEventListener("change", listener);
  return () => narrow.removeEventListener("change", listener);
};

export function useIsNarrow(): boolean {
  return useSyncExternalStore(subscribeNarrow, () => narrow.matches);
}
