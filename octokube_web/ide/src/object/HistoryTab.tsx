/** What changed while the object was open, newest first. */
import type { Step } from "./history";
import { useStore, type Store } from "../store";
import { clockTime, count } from "../ui/format";
import { Nothing } from "../ui/Nothing";

export function HistoryTab({ history, name }: { history: Store<readonly Step[]>; name: string }) {
  const steps = useStore(history);
  if (steps.length === 0) {
    return <Nothing kind="empty" title="Nothing has changed since this was opened.">What changes is told here field by field, for as long as the object stays open.</Nothing>;
  }
  return (
    <div className="overview" tabIndex={0} role="group" aria-label={`What changed of ${name}`}>
      {steps.map((step, index) => (
        <section key={`${step.at} ${steps.length - index}`} className="step">
          <h3><time dateTime={new Date(step.at).toISOString()}>{clockTime(step.at)}</time></h3>
          <ul>
            {step.changes.map(({ path, before, after }) => (
              <li key={path}>
                <code className="path">{path}</code>
                {before !== undefined && <del>{before}</del>}
                {after !== undefined && <ins>{after}</ins>}
              </li>
            ))}
            {step.more > 0 && <li className="muted">and {count(step.more)} more</li>}
          </ul>
        </section>
      ))}
    </div>
  );
}
