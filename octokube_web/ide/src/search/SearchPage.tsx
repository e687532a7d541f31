/** Searches names, labels, annotations and images of everything that the person may see. */
import { useEffect, useRef, useState, type FormEvent, type MouseEvent } from "react";
import type { PageProps } from "../pages";
import { SearchField, type SearchHit } from "../gen/octokube/v1/cluster_service_pb";
import { formatPlace, NOWHERE, type Place } from "../location";
import { Frame } from "../pages/parts";
import { clockTime, count, titleOf } from "../ui/format";
import { Nothing } from "../ui/Nothing";
import { go } from "../workbench/tabs";
import { grouped, MAX_HITS, useSearch, type Finding } from "./search";

const FIELDS: Partial<Record<SearchField, string>> = {
  [SearchField.LABEL]: "label",
  [SearchField.ANNOTATION]: "annotation",
  [SearchField.IMAGE]: "image",
};

export default function SearchPage({ catalog, place }: PageProps) {
  const [text, setText] = useState(place.filter);
  const [labels, setLabels] = useState(place.labels);
  const [turn, setTurn] = useState(0);
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => setText(place.filter), [place.filter]);
  useEffect(() => setLabels(place.labels), [place.labels]);
  useEffect(() => field.current?.focus(), []);
  const isAsked = place.filter !== "" || place.labels !== "";
  const question = isAsked ? { text: place.filter, labels: place.labels, cluster: "", type: "", namespace: "" } : undefined;
  // What may be seen is another: then what was found is no longer to stand there.
  const finding = useSearch(question, [turn, catalog?.policyRevision, catalog?.nextEdge, catalog?.clusters.length]);
  function submit(event: FormEvent) {
    event.preventDefault();
    setTurn(turn + 1);
    go({ filter: text.trim(), labels: labels.trim() }, "replace");
  }
  return (
    <Frame title="Search" about="Names, labels, annotations and images of everything that you may see.">
      <form className="search-form" role="search" onSubmit={submit}>
        <label>Words
          <input ref={field} data-first type="search" maxLength={200} spellCheck={false} placeholder="web registry.example.com" value={text} onChange={(event) => setText(event.target.value)} />
        </label>
        <label>Labels
          <input type="search" maxLength={1024} spellCheck={false} placeholder="app=web,tier!=cache" value={labels} onChange={(event) => setLabels(event.target.value)} />
        </label>
        <button type="submit" className="primary">Search</button>
      </form>
      {finding ? <Found finding={finding} catalog={catalog} onAgain={() => setTurn(turn + 1)} /> : (
        <p className="muted page-note">All words have to be there, in whatever part. “app=web” finds a label.</p>
      )}
    </Frame>
  );
}

function Found({ finding, catalog, onAgain }: { finding: Finding; catalog: PageProps["catalog"]; onAgain: () => void }) {
  if (finding.is === "refused") {
    return (
      <Nothing kind="failed" title="The search was not answered.">
        <p>{finding.reason}</p>
        <button type="button" className="primary" onClick={onAgain}>Try again</button>
      </Nothing>
    );
  }
  const groups = grouped(finding.hits);
  const many = (catalog?.clusters.length ?? 0) > 1;
  return (
    <>
      <p className="muted" role="status">{told(finding)}</p>
      {finding.is === "done" && finding.hits.length === 0 && (
        <Nothing kind="empty" title="Nothing that you may see holds these words.">
          <p>Fewer words, or no labels, find more.</p>
        </Nothing>
      )}
      {groups.map((group) => {
        const info = catalog?.clusters.find((one) => one.name === group.cluster)?.types.find((one) => one.type === group.type);
        return (
          <section key={`${group.cluster}/${group.type}`} className="hits">
            <h2>{info ? titleOf(info) : group.type}{many && <span className="muted"> in {group.cluster}</span>} <span className="digits muted">{count(group.hits.length)}</span></h2>
            <ul>{group.hits.map((hit) => <Hit key={`${hit.key?.namespace}/${hit.key?.name}`} hit={hit} />)}</ul>
          </section>
        );
      })}
    </>
  );
}

function told({ is, hits, searched, at }: Finding): string {
  const found = `${count(hits.length)} found`;
  if (is === "searching") return `Searching… ${found} in ${count(searched)} objects so far`;
  if (is === "stopped") return `The first ${count(MAX_HITS)}. More words, or labels, find fewer.`;
  return `${found} in ${count(searched)} objects, at ${clockTime(at)}`;
}

function Hit({ hit }: { hit: SearchHit }) {
  const to: Place = { ...NOWHERE, cluster: hit.cluster, type: hit.key?.type ?? "", name: hit.key?.name ?? "", inNamespace: hit.key?.namespace ?? "", alone: "object" };
  function open(event: MouseEvent) {
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.button !== 0) return;
    event.preventDefault();
    go(to);
  }
  const part = FIELDS[hit.field];
  return (
    <li>
      <a href={formatPlace(to)} onClick={open}>{hit.key?.name}</a>
      {hit.key?.namespace && <span className="muted">{hit.key.namespace}</span>}
      {part && <span className="hit-part"><span className="muted">{part}</span> <code>{hit.text}</code></span>}
    </li>
  );
}
