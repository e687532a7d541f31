/** What was decided and done, newest first, with the row that decided. */
import { useEffect, useState } from "react";
import { AdminService, type AuditRecord } from "../gen/octokube/v1/admin_service_pb";
import { ask, refusalOf, useAnswer } from "./hub";
import { Frame, Shown, Table, When, type Column } from "./parts";

const PAGE = 100;

export default function AuditPage() {
  const [subject, setSubject] = useState("");
  const [verb, setVerb] = useState("");
  const [asked, setAsked] = useState({ subject: "", verb: "" });
  const { answer, again } = useAnswer(
    async () => (await ask(AdminService.method.listAuditRecords, { ...asked, limit: PAGE })).records,
    [asked.subject, asked.verb],
  );
  return (
    <Frame
      title="Audit log"
      about="Every decision about an operation, and everything that was done to the hub. Nobody can change a record."
      actions={
        <form className="page-filter" onSubmit={(event) => (event.preventDefault(), setAsked({ subject, verb }), again())}>
          <label><span className="hush">Of whom</span><input type="search" placeholder="user:alice" value={subject} onChange={(event) => setSubject(event.target.value.trim())} /></label>
          <label><span className="hush">Verb</span><input type="search" placeholder="verb" value={verb} onChange={(event) => setVerb(event.target.value.trim())} /></label>
          <button type="submit">Look</button>
        </form>
      }
    >
      <Shown answer={answer} again={again}>{(records) => <Records key={`${asked.subject} ${asked.verb}`} first={records} asked={asked} />}</Shown>
    </Frame>
  );
}

function Records({ first, asked }: { first: readonly AuditRecord[]; asked: { subject: string; verb: string } }) {
  const [older, setOlder] = useState<readonly AuditRecord[]>([]);
  const [isDone, setDone] = useState(first.length < PAGE);
  const [reason, setReason] = useState("");
  const [open, setOpen] = useState<AuditRecord | undefined>();
  useEffect(() => {
    setOlder([]);
    setDone(first.length < PAGE);
  }, [first]);
  const records = [...first, ...older];

  async function more() {
    const last = records.at(-1);
    try {
      const next = await ask(AdminService.method.listAuditRecords, { ...asked, limit: PAGE, beforeId: last?.id ?? 0n });
      setOlder([...older, ...next.records]);
      setDone(next.records.length < PAGE);
      setReason("");
    } catch (error) {
      setReason(refusalOf(error).reason);
    }
  }

  const columns: readonly Column<AuditRecord>[] = [
    { title: "No.", cell: (one) => <button type="button" className="link" aria-expanded={open?.id === one.id} onClick={() => setOpen(open?.id === one.id ? undefined : one)}>{String(one.id)}</button>, className: "number" },
    { title: "When", cell: (one) => <When at={one.at} /> },
    { title: "Who", cell: (one) => one.subject },
    { title: "What", cell: (one) => one.action },
    { title: "On", cell: (one) => <span className="target">{one.target}</span> },
    { title: "Outcome", cell: (one) => <span className={`outcome ${one.outcome}`}>{one.outcome}</span> },
    { title: "By", cell: (one) => <code>{one.rule}</code> },
  ];
  return (
    <>
      {open && <Detail record={open} onClose={() => setOpen(undefined)} />}
      <Table label="Audit records" items={records} idOf={(one) => String(one.id)} columns={columns} empty="There is no such record." />
      <p className="refusal" role="alert">{reason}</p>
      {!isDone && <button type="button" onClick={() => void more()}>Older ones</button>}
    </>
  );
}

function Detail({ record, onClose }: { record: AuditRecord; onClose: () => void }) {
  const { question } = record;
  return (
    <section className="detail" aria-label={`Record ${record.id}`}>
      <header><h2>Record {String(record.id)}</h2><button type="button" className="quiet" onClick={onClose}>Close</button></header>
      <p>{record.message || "Nothing more was written down."}</p>
      <dl className="page-facts">
        <div><dt>Outcome</dt><dd>{record.outcome}</dd></div>
        <div><dt>Deciding row</dt><dd>{record.rule || "no row decided"}</dd></div>
        <div><dt>Window</dt><dd>{record.window || "–"}</dd></div>
        <div><dt>Policy</dt><dd><code>{record.policyRevision}</code></dd></div>
        {question && (
          <div>
            <dt>Asked</dt>
            <dd>
              may {record.subject} {question.verb} {question.resource} {question.name} in {question.namespace || "no namespace"} of {question.cluster}
              {question.groups.length > 0 && `, as a member of ${question.groups.join(", ")}`}
            </dd>
          </div>
        )}
        <div><dt>Hash</dt><dd><code>{record.hash}</code></dd></div>
      </dl>
    </section>
  );
}
