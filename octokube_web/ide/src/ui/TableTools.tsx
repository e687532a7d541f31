/** What a table's toolbar opens: the choice of columns, and what is taken out of the table. */
import type { TypeInfo } from "../feed/messages";
import { toggleValue, valuesAskedFor } from "../table/query";
import type { TableOutline } from "../table/remote-table";
import { AS_GIVEN, isShown, moved, orderedColumns, toggled, type ColumnChoice } from "./column-choice";
import type { GridColumn } from "./columns";
import { tableAsCsv } from "./csv";
import { count } from "./format";
import { ColumnsIcon, DownIcon, DownloadIcon, UpIcon } from "./icons";
import { Popover } from "./Popover";
import type { TableView } from "./views";

export function ColumnPicker({ type, choice, onChoice }: { type: TypeInfo; choice: ColumnChoice; onChoice: (choice: ColumnChoice) => void }) {
  if (type.columns.length === 0) return null;
  const order = orderedColumns(type, choice);
  return (
    <Popover label="Columns" icon={<ColumnsIcon />}>
      {() => (
        <>
          <ul className="column-list">
            {order.map((index, place) => {
              const column = type.columns[index];
              if (!column) return null;
              return (
                <li key={column.name}>
                  <label title={column.description || undefined}>
                    <input type="checkbox" checked={isShown(column, choice)} onChange={() => onChoice(toggled(choice, column))} />
                    {column.name}
                  </label>
                  <button type="button" className="quiet square" aria-label={`${column.name}: further to the front`} disabled={place === 0} onClick={() => onChoice(moved(choice, type, index, -1))}>
                    <UpIcon />
                  </button>
                  <button type="button" className="quiet square" aria-label={`${column.name}: further to the back`} disabled={place === order.length - 1} onClick={() => onChoice(moved(choice, type, index, 1))}>
                    <DownIcon />
                  </button>
                </li>
              );
            })}
          </ul>
          <button type="button" onClick={() => onChoice(AS_GIVEN)}>As they came</button>
        </>
      )}
    </Popover>
  );
}

interface ExportProps {
  readonly view: TableView;
  readonly name: string;
  readonly columns: readonly GridColumn[];
  readonly outline: TableOutline;
  readonly onYaml: () => void;
}

export function ExportMenu({ view, name, columns, outline, onYaml }: ExportProps) {
  const save = async (of: "shown" | "marked") => {
    const rows = await view.all(of);
    download(`${name}.csv`, "text/csv;charset=utf-8", tableAsCsv(columns, rows));
  };
  return (
    <Popover label="Export" icon={<DownloadIcon />}>
      {(close) => (
        <ul className="menu">
          <li><button type="button" className="quiet" onClick={() => (void save("shown"), close())}>{`The ${count(outline.shown)} shown as CSV`}</button></li>
          {outline.markedCount > 0 && (
            <>
              <li><button type="button" className="quiet" onClick={() => (void save("marked"), close())}>{`The ${count(outline.markedCount)} marked as CSV`}</button></li>
              <li><button type="button" className="quiet" onClick={() => (close(), onYaml())}>{`The ${count(outline.markedCount)} marked as YAML`}</button></li>
            </>
          )}
        </ul>
      )}
    </Popover>
  );
}

export function download(name: string, type: string, text: string): void {
  const address = URL.createObjectURL(new Blob([text], { type }));
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  URL.revokeObjectURL(address);
}

/** The values of the columns that stand for health, to choose from. */
export function Facets({ type, outline, filter, onFilter }: { type: TypeInfo; outline: TableOutline; filter: string; onFilter: (filter: string) => void }) {
  const shown = outline.facets.filter(({ values }) => values.length > 1);
  if (shown.length === 0) return null;
  return (
    <div className="facets">
      {shown.map(({ column, values }) => {
        const title = type.columns[column]?.name ?? "";
        const asked = valuesAskedFor(filter, title);
        return (
          <div key={column} role="group" aria-label={title} className="facet">
            {values.map(([value, times]) => (
              <button key={value} type="button" aria-pressed={asked.includes(value.toLowerCase())} onClick={() => onFilter(toggleValue(filter, title, value))}>
                {value || "none"} <span className="digits">{count(times)}</span>
              </button>
            ))}
          </div>
        );
      })}
    </div>
  );
}
