/** One line that never lies: connection, freshness, how much, how fast, and when access changes. */
import { useEffect, useState, useSyncExternalStore } from "react";
import type { ClusterInfo } from "../feed/messages";
import { Store, useStore } from "../store";
import { clock } from "./clock";
import { useSession } from "./context";
import { clockTime, count, countdown } from "./format";
import { freshnessOf } from "./freshness";
import { StateDot } from "./StateDot";
import type { Shown } from "./Workbench";

const none = () => () => undefined;

export function StatusBar({ shown, cluster }: { shown: Store<Shown | undefined>; cluster: ClusterInfo | undefined }) {
  const { feed } = useSession();
  const link = useStore(feed.link);
  const view = useStore(shown);
  const status = useSyncExternalStore(view?.status.subscribe ?? none, () => view?.status.get());
  const catalog = useStore(feed.catalog);
  const now = useStore(clock);
  const outline = useSyncExternalStore(view?.table.subscribeOutline ?? none, () => view?.table.getOutline());
  const freshness = freshnessOf(link, status, cluster, now);
  const said = useSteady(freshness.text.replace(/ in \d+ s.*| \(try.*|Loading.*/, ""));
  return (
    <footer className={`status-bar ${freshness.tone}`} data-region>
      <span className="connection" title={freshness.detail || undefined}>
        <StateDot tone={freshness.tone} />
        <span>{freshness.text}</span>
        {freshness.canRetry && (
          <button type="button" className="link" data-first onClick={feed.wake}>Retry now</button>
        )}
      </span>
      <span className="hush" role="status">{said}</span>
      {status?.asOf ? <span className="as-of" title="When this view was known to be current">as of {clockTime(status.asOf)}</span> : null}
      {outline && <span>{count(outline.total)} {outline.total === 1 ? "object" : "objects"}</span>}
      {view && <Rate key={cluster?.name} view={view} />}
      {view && outline?.isFrozen && (
        <button type="button" className="link" onClick={() => view.table.turn({ isFrozen: false })}>
          Held still · {count(outline.waiting)} waiting · Move again
        </button>
      )}
      <span className="spring" />
      {catalog && catalog.nextEdge > 0 && <Edge at={catalog.nextEdge - catalog.clockOffset} />}
    </footer>
  );
}

function Rate({ view }: { view: Shown }) {
  const now = useStore(clock);
  const [samples, setSamples] = useState<readonly { at: number; changes: number }[]>([]);
  useEffect(() => {
    setSamples((last) => [...last, { at: now, changes: view.table.changeCount }].slice(-6));
  }, [now, view]);
  const first = samples[0];
  const last = samples[samples.length - 1];
  const seconds = first && last ? (last.at - first.at) / 1000 : 0;
  const rate = first && last && seconds >= 2 ? Math.max(0, last.changes - first.changes) / seconds : 0;
  return <span className="rate" title="Changes a second, over the last five">{rate >= 10 ? Math.round(rate) : rate.toFixed(1)}/s</span>;
}

function Edge({ at }: { at: number }) {
  const now = useStore(clock);
  if (at <= now) return null;
  return <span className="edge" title={`Your access may change at ${clockTime(at)}`}>Access changes in <span className="digits">{countdown(at - now)}</span></span>;
}

/** What is read aloud: only what has held for two seconds, so that flapping stays silent. */
function useSteady(text: string): string {
  const [steady, setSteady] = useState(text);
  useEffect(() => {
    const timer = setTimeout(() => setSteady(text), 2000);
    return () => clearTimeout(timer);
  }, [text]);
  return steady;
}
