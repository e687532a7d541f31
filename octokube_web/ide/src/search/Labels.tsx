/** Makes a selector of labels: by writing it, and from the labels that there are. */
import { useState, type FormEvent } from "react";
import type { ViewSpec } from "../feed/messages";
import type { Place } from "../location";
import { count } from "../ui/format";
import { go } from "../workbench/tabs";
import { labelsOf, requirementsOf, toggleRequirement, useSearch } from "./search";

/** Labels are gathered from so many objects. */
const LOOKED_AT = 1_000;
const OFFERED = 60;

export default function Labels({ place, spec, onDone }: { place: Place; spec: ViewSpec; onDone: () => void }) {
  const [text, setText] = useState(place.labels);
  const [sought, setSought] = useState("");
  const finding = useSearch({ text: "", labels: "", cluster: spec.cluster, type: spec.type, namespace: spec.namespaces[0] ?? "**" }, [], LOOKED_AT);
  const chosen = requirementsOf(text);
  const labels = labelsOf(finding?.hits ?? []).filter(([label]) => label.includes(sought));
  function apply(event: FormEvent) {
    event.preventDefault();
    go({ labels: text.trim() }, "replace");
    onDone();
  }
  return (
    <form className="view-form" onSubmit={apply}>
      <label>
        <span className="muted">Selector, as kubectl’s -l takes it</span>
        <input type="search" value={text} maxLength={1024} spellCheck={false} placeholder="app=web,tier!=cache" onChange={(event) => setText(event.target.value)} />
      </label>
      <button type="submit" className="primary">Show only these</button>
      {finding?.is === "refused" && <p className="refusal">{finding.reason}</p>}
      {labels.length + sought.length > 0 && (
        <>
          <label>
            <span className="muted">Labels that there are{finding?.is === "stopped" && `, on the first ${count(LOOKED_AT)}`}</span>
            <input type="search" value={sought} placeholder="part of a label" spellCheck={false} onChange={(event) => setSought(event.target.value)} />
          </label>
          <ul className="label-list">
            {labels.slice(0, OFFERED).map(([label, times]) => (
              <li key={label}>
                <button type="button" className="quiet" aria-pressed={chosen.includes(label)} onClick={() => setText(toggleRequirement(text, label))}>
                  <span>{label}</span> <span className="digits muted">{count(times)}</span>
                </button>
              </li>
            ))}
          </ul>
        </>
      )}
      {finding?.is === "searching" && <p className="muted">Looking for labels…</p>}
      {finding?.is === "done" && finding.hits.length > 0 && labels.length === 0 && <p className="muted">{sought ? "No label says so." : "Nothing here has labels."}</p>}
    </form>
  );
}
