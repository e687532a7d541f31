/** Tries a policy before it is one: what somebody would see, by an edit or at another time, beside what they see now. */
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { useState, type FormEvent } from "react";
import { AdminService, type PolicyFile, type SimulateAccessResponse, type SimulatedObject, type SimulatedPlace } from "../gen/octokube/v1/admin_service_pb";
import { formatPlace, NOWHERE } from "../location";
import { count } from "../ui/format";
import { Nothing } from "../ui/Nothing";
import { StateDot } from "../ui/StateDot";
import { ask, refusalOf, useAnswer, type Answer } from "./hub";
import { Frame, Shown, Table, When, type Column } from "./parts";

export default function SimulatePage() {
  const { answer, again } = useAnswer(() => ask(AdminService.method.getPolicy, {}), []);
  return (
    <Frame title="Try the policy" about="What somebody would see, by an edit or at another time. Nothing is changed: what is tried stays here.">
      <Shown answer={answer} again={again}>{(policy) => <Trial key={policy.revision} files={policy.files} />}</Shown>
    </Frame>
  );
}

const textOf = (file: PolicyFile) => new TextDecoder().decode(file.content);

function Trial({ files }: { files: readonly PolicyFile[] }) {
  const [subject, setSubject] = useState("user:");
  const [teams, setTeams] = useState("");
  const [at, setAt] = useState("");
  const [texts, setTexts] = useState<ReadonlyMap<string, string>>(new Map(files.map((file) => [file.name, textOf(file)])));
  const [open, setOpen] = useState(files.find((file) => file.name === "policy.csv")?.name ?? files[0]?.name ?? "");
  const [told, setTold] = useState<Answer<SimulateAccessResponse> | undefined>();
  const edited = files.filter((file) => texts.get(file.name) !== textOf(file)).map((file) => file.name);

  async function submit(event: FormEvent) {
    event.preventDefault();
    setTold({ is: "asking" });
    try {
      const value = await ask(AdminService.method.simulateAccess, {
        subject: subject.trim(),
        teams: teams.split(/[\s,]+/).filter(Boolean),
        ...(at ? { at: timestampFromMs(new Date(at).getTime()) } : {}),
        files: edited.map((name) => ({ name, content: new TextEncoder().encode(texts.get(name)) })),
      });
      setTold({ is: "there", value });
    } catch (error) {
      setTold(refusalOf(error));
    }
  }
  return (
    <>
      <form onSubmit={(event) => void submit(event)}>
        <div className="page-form">
          <label>Who<input value={subject} required spellCheck={false} placeholder="user:alice" onChange={(event) => setSubject(event.target.value)} /></label>
          <label>Teams from signing in<input value={teams} spellCheck={false} placeholder="team:payments" onChange={(event) => setTeams(event.target.value)} /></label>
          <label>When, in your time zone<input type="datetime-local" value={at} onChange={(event) => setAt(event.target.value)} /></label>
          <button type="submit" className="primary" disabled={told?.is === "asking"}>Try</button>
        </div>
        <div className="trial-files">
          <label className="picker">File
            <select value={open} onChange={(event) => setOpen(event.target.value)}>
              {files.map(({ name }) => <option key={name} value={name}>{edited.includes(name) ? `${name} (edited)` : name}</option>)}
            </select>
          </label>
          {edited.length > 0 && <button type="button" onClick={() => setTexts(new Map(files.map((file) => [file.name, textOf(file)])))}>As in force</button>}
          <textarea aria-label={`Text of ${open}`} spellCheck={false} rows={12} wrap="off" value={texts.get(open) ?? ""} onChange={(event) => setTexts(new Map(texts).set(open, event.target.value))} />
        </div>
      </form>
      <div role="status">
        {told?.is === "asking" && <Nothing kind="loading" title="Trying it…" />}
        {told?.is === "refused" && <p className="refusal">{told.reason}</p>}
        {told?.is === "there" && <Outcome told={told.value} isEdited={edited.length > 0} />}
      </div>
    </>
  );
}

function Outcome({ told, isEdited }: { told: SimulateAccessResponse; isEdited: boolean }) {
  if (told.problems.length > 0) {
    return (
      <div className="banner bad">
        <div>
          <strong>The hub would refuse these files.</strong>
          <ul>{told.problems.map((problem) => <li key={problem}><code>{problem}</code></li>)}</ul>
        </div>
      </div>
    );
  }
  return (
    <>
      <dl className="page-facts">
        <div><dt>Policy</dt><dd><code>{told.policyRevision}</code>{isEdited ? ", edited" : ", in force"}</dd></div>
        <div><dt>At</dt><dd><When at={told.at} /></dd></div>
        <div><dt>Teams and roles</dt><dd>{told.memberships.join(", ") || "none"}</dd></div>
        <div><dt>Gained</dt><dd>{count(Number(told.gainedCount))}</dd></div>
        <div><dt>Lost</dt><dd>{count(Number(told.lostCount))}</dd></div>
      </dl>
      <p className="muted">Counted among what you may see yourself.</p>
      <Objects title="Gained" tone="good" objects={told.gained} of={Number(told.gainedCount)} />
      <Objects title="Lost" tone="bad" objects={told.lost} of={Number(told.lostCount)} />
      <section>
        <h2>What would be seen</h2>
        <Table label="What would be seen" items={told.places} idOf={(one) => `${one.cluster}/${one.type}/${one.namespace}`} columns={PLACES} empty="Nothing at all." />
      </section>
      <section>
        <h2>By these grants</h2>
        {told.grants.length === 0 && <p className="muted">None.</p>}
        <ul className="sentences">
          {told.grants.map((grant, index) => (
            <li key={index} className={grant.isInForce ? undefined : "muted"}>
              <StateDot tone={grant.isInForce ? (grant.isDeny ? "bad" : "good") : "calm"} />
              <span>{grant.sentence}{!grant.isInForce && " Not at this time."}</span>
            </li>
          ))}
        </ul>
      </section>
    </>
  );
}

const PLACES: readonly Column<SimulatedPlace>[] = [
  { title: "Cluster", cell: (one) => one.cluster },
  { title: "Type", cell: (one) => one.type },
  { title: "Namespace", cell: (one) => one.namespace || "–" },
  { title: "Now", cell: (one) => count(Number(one.now)), className: "number" },
  { title: "Then", cell: (one) => count(Number(one.then)), className: "number" },
];

function Objects({ title, tone, objects, of }: { title: string; tone: "good" | "bad"; objects: readonly SimulatedObject[]; of: number }) {
  if (of === 0) return null;
  return (
    <section>
      <h2>{title}</h2>
      <ul className="sentences simulated" aria-label={title}>
        {objects.map(({ cluster, key }) => (
          <li key={`${cluster}/${key?.type}/${key?.namespace}/${key?.name}`}>
            <StateDot tone={tone} />
            <span>
              <a href={formatPlace({ ...NOWHERE, cluster, type: key?.type ?? "", name: key?.name ?? "", inNamespace: key?.namespace ?? "", alone: "object" })}>{key?.name}</a>
              <span className="muted"> {key?.type}{key?.namespace && ` in ${key.namespace}`} of {cluster}</span>
            </span>
          </li>
        ))}
      </ul>
      {of > objects.length && <p className="muted">And {count(of - objects.length)} more.</p>}
    </section>
  );
}
