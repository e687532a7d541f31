/** One row, which renders again only when it changes itself. */
import { memo, useCallback, useSyncExternalStore, type CSSProperties } from "react";
import { Store } from "../store";
import type { Row, TableModel } from "../table/model";
import { CellContent } from "./Cell";
import type { GridColumn } from "./columns";

const TINT_MS = 800;

interface Props {
  readonly id: string;
  readonly domId: string;
  readonly index: number;
  readonly top: number;
  readonly model: TableModel;
  readonly columns: readonly GridColumn[];
  readonly columnStyle: CSSProperties;
  readonly now: Store<number>;
  readonly isActive: boolean;
  readonly open: string;
  readonly onChoose: (row: Row) => void;
}

export const GridRow = memo(
  function GridRow(props: Props) {
    const { id, model, columns, index } = props;
    const subscribe = useCallback((listener: () => void) => model.subscribeRow(id, listener), [model, id]);
    const row = useSyncExternalStore(subscribe, () => model.getRow(id));
    if (!row) return null;
    const isOpen = props.open === `${row.namespace}/${row.name}`;
    return (
      <div
        id={props.domId}
        className={`grid-row${props.isActive ? " active" : ""}${isOpen ? " open" : ""}${index % 2 ? " odd" : ""}`}
        role="row"
        aria-rowindex={index + 2}
        aria-selected={isOpen}
        style={{ ...props.columnStyle, transform: `translateY(${props.top}px)` }}
        onClick={() => props.onChoose(row)}
      >
        {columns.map((column, position) => {
          const changedAt = row.changedAt?.[column.id];
          const isFresh = changedAt !== undefined && Date.now() - changedAt < TINT_MS;
          const value = column.id === -2 ? row.name : column.id === -1 ? row.namespace : row.cells[column.id];
          return (
            <div
              // Another key for another change, so that the tint starts again.
              key={isFresh ? `${column.id} ${changedAt}` : column.id}
              className={`cell ${column.kind}${column.id === -2 ? " name" : ""}${isFresh && column.kind !== "time" ? " fresh" : ""}`}
              role={position === 0 ? "rowheader" : "gridcell"}
              aria-colindex={position + 1}
              title={column.kind === "text" ? String(value ?? "") : undefined}
            >
              <CellContent kind={column.kind} value={value} now={props.now} />
            </div>
          );
        })}
      </div>
    );
  },
  // onChoose is new each time but does the same for the same row.
  (a, b) =>
    a.id === b.id &&
    a.index === b.index &&
    a.top === b.top &&
    a.model === b.model &&
    a.columns === b.columns &&
    a.columnStyle === b.columnStyle &&
    a.isActive === b.isActive &&
    a.open === b.open,
);
