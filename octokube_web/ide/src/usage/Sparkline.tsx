/** What one row uses: the newest number, and a line of how it came to that. */
import { useCallback, useSyncExternalStore } from "react";
import { linesThrough, usageText, type Measure, type UsageHistory } from "./history";

const WIDTH = 48;
const HEIGHT = 14;

export function UsageCell({ history, measure, namespace, name }: { history: UsageHistory; measure: Measure; namespace: string; name: string }) {
  const subscribe = useCallback((listener: () => void) => history.subscribe(namespace, name, listener), [history, namespace, name]);
  const samples = useSyncExternalStore(subscribe, () => history.of(namespace, name));
  const newest = samples.at(-1)?.[measure];
  if (newest === undefined) return <span className="none" aria-label="not measured">–</span>;
  const most = Math.max(...samples.map((sample) => sample[measure] ?? 0));
  return (
    <span className="usage">
      <svg width={WIDTH} height={HEIGHT} viewBox={`0 0 ${WIDTH} ${HEIGHT}`} aria-hidden="true" focusable="false">
        {linesThrough(samples, measure, most * 1.1).map((line, index) => (
          <polyline key={index} points={line.map(({ x, y }) => `${1 + x * (WIDTH - 2)},${HEIGHT - 1 - y * (HEIGHT - 2)}`).join(" ")} />
        ))}
      </svg>
      <span className="digits">{usageText(measure, newest)}</span>
    </span>
  );
}
