/** What policy lets the reader do, in sentences, and from when what it does not. */
import { timestampMs, type Timestamp } from "@bufbuild/protobuf/wkt";
import { useState, type FormEvent } from "react";
import type { Catalog } from "../feed/messages";
import { ClusterService, type AccessAnswer, type Grant, type WhoAmIResponse } from "../gen/octokube/v1/cluster_service_pb";
import { StateDot } from "../ui/StateDot";
import { ask, refusalOf, useAnswer, type Answer } from "./hub";
import { Frame, Shown, When } from "./parts";
import { WindowCalendar } from "./WindowCalendar";

export default function AccessPage({ catalog }: { catalog: Catalog | undefined }) {
  // The catalog moves whenever access does: then what is written here is asked for again.
  const { answer, again } = useAnswer(() => ask(ClusterService.method.whoAmI, {}), [catalog?.nextEdge, catalog?.clusters.length]);
  return (
    <Frame title="Your access" about="What policy lets you see and do, who says so, and until when.">
      <Shown answer={answer} again={again}>{(who) => <Access who={who} catalog={catalog} />}</Shown>
    </Frame>
  );
}

function Access({ who, catalog }: { who: WhoAmIResponse; catalog: Catalog | undefined }) {
  const holding = who.grants.filter((grant) => grant.isInForce && !grant.isDeny);
  const refusing = who.grants.filter((grant) => grant.isInForce && grant.isDeny);
  const later = who.grants.filter((grant) => !grant.isInForce);
  const edges = who.grants.filter((grant) => grant.changesAt).sort((a, b) => ms(a.changesAt) - ms(b.changesAt));
  return (
    <>
      <dl className="page-facts">
        <div><dt>You are</dt><dd>{who.subject}</dd></div>
        <div><dt>Teams and roles</dt><dd>{who.memberships.join(", ") || "none"}</dd></div>
        {who.tokenExpiresAt && <div><dt>Signed in until</dt><dd><When at={who.tokenExpiresAt} /></dd></div>}
        <div><dt>Policy</dt><dd><code>{who.policyRevision.slice(0, 12)}</code></dd></div>
      </dl>
      {who.tokenCeiling && <p className="banner busy"><span>{who.tokenCeiling}</span></p>}
      <Sentences title="You may now" grants={holding} tone="good" empty="Nothing, at this time. Whoever looks after the policies can change that; this page shows it at once." />
      <Sentences title="Except" grants={refusing} tone="bad" />
      <Sentences title="At other times" grants={later} tone="calm" />
      {edges.length > 0 && (
        <section>
          <h2>What the clock changes next</h2>
          <ul className="edges">
            {edges.slice(0, 12).map((grant, index) => (
              <li key={index}>
                <When at={grant.changesAt} />
                <span>{edgeOf(grant)}</span>
                <span className="muted">{grant.sentence}</span>
              </li>
            ))}
          </ul>
        </section>
      )}
      <WindowCalendar grants={who.grants} now={who.serverTime ? timestampMs(who.serverTime) : Date.now()} />
      {who.moreGrants > 0 && <p className="muted">{who.moreGrants} more grants are not told here.</p>}
      <CanI catalog={catalog} />
    </>
  );
}

function edgeOf(grant: Grant): string {
  if (grant.isDeny) return grant.isInForce ? "is no longer refused" : "is refused from then on";
  return grant.isInForce ? "ends" : "opens";
}

function Sentences({ title, grants, tone, empty }: { title: string; grants: readonly Grant[]; tone: "good" | "bad" | "calm"; empty?: string }) {
  if (grants.length === 0 && !empty) return null;
  return (
    <section>
      <h2>{title}</h2>
      {grants.length === 0 && <p className="muted">{empty}</p>}
      <ul className="sentences">
        {grants.map((grant, index) => (
          <li key={index}>
            <StateDot tone={tone} />
            <span>{grant.sentence}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}

interface Question {
  readonly verb: string;
  readonly cluster: string;
  readonly type: string;
  readonly namespace: string;
  readonly name: string;
}

/** Answers "can I …?" as the hub would decide, without a word about whether such a thing exists. */
function CanI({ catalog }: { catalog: Catalog | undefined }) {
  const first = catalog?.clusters[0];
  const [question, setQuestion] = useState<Question>({ verb: "", cluster: "", type: "", namespace: "", name: "" });
  const [told, setTold] = useState<Answer<AccessAnswer[]> | undefined>();
  const cluster = question.cluster || (first?.name ?? "");
  const types = catalog?.clusters.find((one) => one.name === cluster)?.types ?? [];
  const change = (part: Partial<Question>) => {
    setQuestion({ ...question, ...part });
    setTold(undefined);
  };
  async function submit(event: FormEvent) {
    event.preventDefault();
    setTold({ is: "asking" });
    try {
      const { verb, type, namespace, name } = question;
      const answer = await ask(ClusterService.method.explainAccess, { cluster, key: { type, namespace, name }, verbs: verb ? [verb] : [] });
      setTold({ is: "there", value: answer.answers });
    } catch (error) {
      setTold(refusalOf(error));
    }
  }
  return (
    <section>
      <h2>Can I …?</h2>
      <form className="can-i" onSubmit={(event) => void submit(event)}>
        <label>Verb<input value={question.verb} placeholder="any" onChange={(event) => change({ verb: event.target.value.trim() })} /></label>
        <label>Type
          <input value={question.type} required list="can-i-types" placeholder="pods" onChange={(event) => change({ type: event.target.value.trim() })} />
          <datalist id="can-i-types">{types.map((type) => <option key={type.type} value={type.type} />)}</datalist>
        </label>
        <label>Name<input value={question.name} placeholder="any" onChange={(event) => change({ name: event.target.value.trim() })} /></label>
        <label>Namespace<input value={question.namespace} placeholder="none" onChange={(event) => change({ namespace: event.target.value.trim() })} /></label>
        <label>Cluster<input value={cluster} required onChange={(event) => change({ cluster: event.target.value.trim() })} /></label>
        <button type="submit" className="primary">Ask</button>
      </form>
      <div role="status">
        {told?.is === "refused" && <p className="refusal">{told.reason}</p>}
        {told?.is === "there" && (
          <ul className="sentences">
            {told.value.map((one) => (
              <li key={one.verb}>
                <StateDot tone={one.isAllowed ? "good" : "bad"} />
                <span>
                  <strong>{one.verb}</strong>: {one.sentence}
                  {one.changesAt && <span className="muted"> {one.isAllowed ? "Until" : "From"} <When at={one.changesAt} /> in your zone.</span>}
                </span>
              </li>
            ))}
          </ul>
        )}
      </div>
    </section>
  );
}

function ms(at: Timestamp | undefined): number {
  return at ? timestampMs(at) : Number.POSITIVE_INFINITY;
}

