/** What belongs to an object: events, owners, what it owns; asked of the cluster when it is opened. */
import { useEffect, useReducer, useState } from "react";
import { DocumentRole } from "../gen/octokube/v1/operation_pb";
import { formatPlace } from "../location";
import { age } from "../ui/format";
import { useSession } from "../ui/context";
import { Nothing } from "../ui/Nothing";
import { StateDot } from "../ui/StateDot";
import { go, place } from "../workbench/tabs";
import { useAccess } from "./access";
import { run, type Document, type Ending } from "./operation";
import { operationTarget, type Target } from "./target";

export function RelatedTab({ target }: { target: Target }) {
  const verdict = useAccess(target, ["get"])("get");
  if (verdict.is === "checking") return <Nothing kind="loading" title={verdict.sentence} />;
  if (verdict.is === "denied") return <Nothing kind="hidden" title="You may not ask for this.">{verdict.sentence}</Nothing>;
  return <Described target={target} />;
}

function Described({ target }: { target: Target }) {
  const { feed } = useSession();
  const [found, setFound] = useState<readonly Document[]>([]);
  const [told, setTold] = useState<readonly string[]>([]);
  const [ending, setEnding] = useState<Ending | undefined>();
  const [turn, again] = useReducer((last: number) => last + 1, 0);
  useEffect(() => {
    setFound([]);
    setTold([]);
    setEnding(undefined);
    let isOver = false;
    const gathered: Document[] = [];
    const operation = run(
      feed,
      { target: operationTarget(target, "name"), operation: { case: "describe", value: {} } },
      {
        document: (document) => gathered.push(document),
        progress: (sentence) => setTold((last) => [...last, sentence]),
      },
    );
    void operation.ended.then((end) => {
      if (isOver) return;
      setFound(gathered);
      setEnding(end);
    });
    return () => {
      isOver = true;
      operation.cancel();
    };
  }, [feed, target.cluster, target.type, target.namespace, target.name, turn]);

  if (!ending) return <Nothing kind="loading" title="Asking the cluster…" />;
  if (!ending.isDone) {
    return (
      <Nothing kind="failed" title="This could not be read.">
        <p>{ending.message}</p>
        <button type="button" className="primary" onClick={again}>Try again</button>
      </Nothing>
    );
  }
  const of = (role: DocumentRole) => found.filter((one) => one.role === role);
  return (
    <div className="related" tabIndex={0} role="group" aria-label={`What belongs to ${target.name}`}>
      {told.map((sentence) => <p key={sentence} className="banner busy"><span>{sentence}</span></p>)}
      <Objects title="Owned by" cluster={target.cluster} documents={of(DocumentRole.OWNER)} />
      <Objects title="Owns" cluster={target.cluster} documents={of(DocumentRole.DEPENDANT)} />
      <Events documents={of(DocumentRole.EVENT)} />
      <button type="button" onClick={again}>Ask again</button>
    </div>
  );
}

function Objects({ title, cluster, documents }: { title: string; cluster: string; documents: readonly Document[] }) {
  if (documents.length === 0) return null;
  return (
    <section>
      <h3>{title}</h3>
      <ul className="related-list">
        {documents.map((one) => {
          const target = { page: "", cluster, type: one.type, namespace: one.namespace, inNamespace: one.namespace, name: one.name, filter: "" };
          return (
            <li key={`${one.type}/${one.name}`}>
              <a href={formatPlace({ ...place.get(), ...target })} onClick={(event) => (event.preventDefault(), go(target))}>{one.name}</a>
              <span className="muted">{String(one.object["kind"] ?? one.type)}</span>
            </li>
          );
        })}
      </ul>
    </section>
  );
}

interface Event {
  readonly type?: string;
  readonly reason?: string;
  readonly message?: string;
  readonly count?: number;
  readonly lastTimestamp?: string;
  readonly eventTime?: string;
  readonly metadata?: { readonly creationTimestamp?: string };
}

function Events({ documents }: { documents: readonly Document[] }) {
  const at = (event: Event) => Date.parse(event.lastTimestamp ?? event.eventTime ?? event.metadata?.creationTimestamp ?? "") || 0;
  const events = documents.map((one) => one.object as Event).sort((a, b) => at(b) - at(a));
  return (
    <section>
      <h3>Events</h3>
      {events.length === 0 && <p className="muted">None that the cluster still remembers.</p>}
      <ul className="related-list">
        {events.map((event, index) => (
          <li key={index}>
            <StateDot tone={event.type === "Warning" ? "bad" : "calm"} />
            <span><strong>{event.reason}</strong> {event.message}{(event.count ?? 1) > 1 && <span className="muted"> ×{event.count}</span>}</span>
            <span className="muted digits">{at(event) > 0 ? age((Date.now() - at(event)) / 1000) : ""}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}
