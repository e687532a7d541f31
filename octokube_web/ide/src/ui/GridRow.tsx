/** One row, which renders again only when it changes itself. */
import { memo, useCallback, useSyncExternalStore, type CSSProperties } from "react";
import { Store } from "../store";
import type { RemoteTable, SeenRow } from "../table/remote-table";
import type { UsageHistory } from "../usage/history";
import { UsageCell } from "../usage/Sparkline";
import { CellContent } from "./Cell";
import type { GridColumn } from "./columns";

const TINT_MS = 800;

interface Props {
  /** Absent while the row is still to come into sight. */
  readonly id: string | undefined;
  readonly domId: string;
  readonly index: number;
  readonly top: number;
  readonly table: RemoteTable;
  readonly columns: readonly GridColumn[];
  readonly columnStyle: CSSProperties;
  readonly now: Store<number>;
  readonly isActive: boolean;
  readonly open: string;
  readonly isMarked: boolean;
  /** Whether any row is: the boxes are seen then. */
  readonly hasMarks: boolean;
  readonly usage: UsageHistory | undefined;
  readonly onChoose: (row: SeenRow, index: number) => void;
}

export const GridRow = memo(
  function GridRow(props: Props) {
    const { id, table, columns, index } = props;
    const subscribe = useCallback((listener: () => void) => (id === undefined ? () => undefined : table.subscribeRow(id, listener)), [table, id]);
    const row = useSyncExternalStore(subscribe, () => (id === undefined ? undefined : table.getRow(id)));
    const place = { ...props.columnStyle, transform: `translateY(${props.top}px)` };
    if (!row) {
      return (
        <div id={props.domId} className={`grid-row${index % 2 ? " odd" : ""}`} role="row" aria-rowindex={index + 2} aria-busy="true" style={place}>
          <div className="cell mark" role="gridcell" />
          <div className="cell name" role="rowheader"><span className="none">…</span></div>
        </div>
      );
    }
    const isOpen = props.open === `${row.namespace}/${row.name}`;
    return (
      <div
        id={props.domId}
        className={`grid-row${props.isActive ? " active" : ""}${isOpen ? " open" : ""}${props.isMarked ? " marked" : ""}${props.hasMarks ? " marking" : ""}${index % 2 ? " odd" : ""}`}
        role="row"
        aria-rowindex={index + 2}
        aria-selected={props.isMarked}
        aria-current={isOpen ? "true" : undefined}
        style={place}
        onClick={() => props.onChoose(row, index)}
      >
        <div className="cell mark" role="gridcell" aria-colindex={1} onClick={(event) => event.stopPropagation()}>
          <input type="checkbox" tabIndex={-1} aria-label={`Mark ${row.name}`} checked={props.isMarked} onChange={() => table.mark({ is: "toggled", id: row.id })} />
        </div>
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
              aria-colindex={position + 2}
              title={column.kind === "text" ? String(value ?? "") : undefined}
            >
              {column.usage && props.usage ? (
                <UsageCell history={props.usage} measure={column.usage} namespace={row.namespace} name={row.name} />
              ) : (
                <CellContent kind={column.kind} value={value} now={props.now} />
              )}
            </div>
          );
        })}
      </div>
    );
  },
  (a, b) =>
    a.id === b.id &&
    a.index === b.index &&
    a.top === b.top &&
    a.table === b.table &&
    a.columns === b.columns &&
    a.columnStyle === b.columnStyle &&
    a.isActive === b.isActive &&
    a.open === b.open &&
    a.isMarked === b.isMarked &&
    a.hasMarks === b.hasMarks &&
    a.usage === b.usage &&
    a.onChoose === b.onChoose,
);
