/** Draws one cell by the kind of its column. */
import { memo } from "react";
import type { ColumnKind } from "../feed/messages";
import type { CellValue } from "../state/viewed";
import { Store, useStore } from "../store";
import { age } from "./format";
import { healthOf } from "./health";
import { StateDot } from "./StateDot";

export const CellContent = memo(function CellContent(props: { kind: ColumnKind; value: CellValue; now: Store<number> }) {
  const { kind, value, now } = props;
  if (value === undefined || value === "") return <span className="none" aria-label="none">–</span>;
  if (kind === "time" && typeof value === "number") return <CellAge since={value} now={now} />;
  if (kind === "status") {
    const text = String(value);
    return (
      <span className={`status ${healthOf(text)}`}>
        <StateDot tone={healthOf(text)} />
        {text}
      </span>
    );
  }
  if (kind === "boolean" || typeof value === "boolean") return value ? "yes" : "no";
  return String(value);
});

export function CellAge({ since, now }: { since: number; now: Store<number> }) {
  const at = useStore(now);
  return <time dateTime={new Date(since * 1000).toISOString()}>{age(at / 1000 - since)}</time>;
}
