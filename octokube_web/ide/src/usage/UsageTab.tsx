/** How much an object uses, as lines since it was opened, and as a table. */
import { useCallback, useMemo, useSyncExternalStore } from "react";
import type { ClusterInfo } from "../feed/messages";
import { quantityOf } from "./quantity";
import { age, clockTime } from "../ui/format";
import { Nothing } from "../ui/Nothing";
import { linesThrough, scaleOf, usageText, type Measure, type Sample, type UsageHistory } from "./history";
import { useUsage } from "./use-usage";

const TITLES: Record<Measure, string> = { cpu: "CPU", memory: "Memory" };
const WIDTH = 600;
const HEIGHT = 120;
const NEVER = () => () => undefined;
const NONE: readonly Sample[] = [];

interface Props {
  readonly cluster: ClusterInfo | undefined;
  readonly type: string;
  readonly namespace: string;
  readonly name: string;
  readonly body: string;
}

export default function UsageTab({ cluster, type, namespace, name, body }: Props) {
  const history = useUsage(cluster, type, namespace, name);
  const samples = useSamples(history, namespace, name);
  const marks = useMemo(() => quantityOf(body), [body]);
  if (!history) return <Nothing kind="hidden" title="What this uses can't be shown.">The cluster measures nothing, or policy lets you see none of it.</Nothing>;
  if (samples.length === 0) {
    return <Nothing kind="empty" title="Nothing has been measured yet.">Clusters measure about every 15 seconds to a minute. What is measured appears here by itself.</Nothing>;
  }
  return (
    <div className="overview" tabIndex={0} role="group" aria-label={`What ${name} uses`}>
      {(["cpu", "memory"] as const).map((measure) => <Chart key={measure} measure={measure} samples={samples} marks={marks[measure]} />)}
      <details>
        <summary>As a table</summary>
        <table className="page-table">
          <thead><tr><th scope="col">Measured</th><th scope="col" className="number">CPU</th><th scope="col" className="number">Memory</th></tr></thead>
          <tbody>
            {[...samples].reverse().map((sample) => (
              <tr key={sample.at}>
                <td>{clockTime(sample.at * 1000)}</td>
                <td className="number">{usageText("cpu", sample.cpu) || "–"}</td>
                <td className="number">{usageText("memory", sample.memory) || "–"}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </details>
      <p className="muted">Since this was opened; the cluster keeps no more than the newest measurement.</p>
    </div>
  );
}

function useSamples(history: UsageHistory | undefined, namespace: string, name: string): readonly Sample[] {
  const subscribe = useCallback((listener: () => void) => history?.subscribe(namespace, name, listener) ?? NEVER(), [history, namespace, name]);
  return useSyncExternalStore(subscribe, () => history?.of(namespace, name) ?? NONE);
}

function Chart({ measure, samples, marks }: { measure: Measure; samples: readonly Sample[]; marks: { readonly request: number; readonly limit: number } }) {
  const newest = samples.at(-1)?.[measure];
  const used = Math.max(0, ...samples.map((sample) => sample[measure] ?? 0));
  const most = scaleOf(Math.max(used, marks.request, marks.limit));
  const y = (value: number) => HEIGHT - (value / most) * HEIGHT;
  const seconds = (samples.at(-1)?.at ?? 0) - (samples[0]?.at ?? 0);
  const told = [["request", marks.request], ["limit", marks.limit]].filter((one): one is [string, number] => Number(one[1]) > 0);
  const sentence = `${TITLES[measure]}: ${usageText(measure, newest) || "not measured"} now, at most ${usageText(measure, used)} within ${age(seconds)}${told.map(([what, value]) => `, ${what} ${usageText(measure, value)}`).join("")}`;
  return (
    <section>
      <h3>{TITLES[measure]} <span className="digits">{usageText(measure, newest)}</span></h3>
      <div className="usage-chart">
        <span className="muted digits top" aria-hidden="true">{usageText(measure, most)}</span>
        <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" role="img" aria-label={sentence}>
          {told.map(([what, value]) => <line key={what} className={what} x1={0} x2={WIDTH} y1={y(value)} y2={y(value)} />)}
          {linesThrough(samples, measure, most).map((line, index) =>
            line.length === 1
              ? line.map((point) => <circle key={index} cx={point.x * WIDTH} cy={HEIGHT - point.y * HEIGHT} r={3} />)
              : <polyline key={index} points={line.map((point) => `${point.x * WIDTH},${HEIGHT - point.y * HEIGHT}`).join(" ")} />,
          )}
        </svg>
      </div>
      {told.length > 0 && <p className="muted">{told.map(([what, value]) => `${what === "limit" ? "Limit (dashed)" : "Request (dotted)"} ${usageText(measure, value)}`).join(" · ")}</p>}
    </section>
  );
}
