/** What all pages about the hub are built of: a frame, a table, an instant, a secret shown once, a question before a deed. */
import { timestampDate, type Timestamp } from "@bufbuild/protobuf/wkt";
import { useEffect, useId, useRef, useState, type ReactNode } from "react";
import { Nothing } from "../ui/Nothing";
import { refusalOf, type Answer } from "./hub";

export function Frame(props: { title: string; about: string; actions?: ReactNode; children: ReactNode }) {
  return (
    <div className="page">
      <header className="page-head">
        <div>
          <h1>{props.title}</h1>
          <p className="muted">{props.about}</p>
        </div>
        {props.actions}
      </header>
      <div className="page-body">{props.children}</div>
    </div>
  );
}

/** The answer, or why there is none. */
export function Shown<T>({ answer, again, children }: { answer: Answer<T>; again: () => void; children: (value: T) => ReactNode }) {
  if (answer.is === "asking") return <Nothing kind="loading" title="Asking the hub…" />;
  if (answer.is === "there") return <>{children(answer.value)}</>;
  if (answer.status === 403) {
    return <Nothing kind="hidden" title="This is not open to you.">{answer.reason}</Nothing>;
  }
  return (
    <Nothing kind="failed" title="The hub did not answer.">
      <p>{answer.reason}</p>
      <button type="button" className="primary" onClick={again}>Try again</button>
    </Nothing>
  );
}

export interface Column<T> {
  readonly title: string;
  readonly cell: (item: T) => ReactNode;
  readonly className?: string;
}

/** A plain table: for lists that have hundreds of rows at most. */
export function Table<T>(props: { label: string; items: readonly T[]; idOf: (item: T) => string; columns: readonly Column<T>[]; empty: string }) {
  if (props.items.length === 0) return <p className="muted page-note">{props.empty}</p>;
  return (
    <div className="page-scroll" role="group" aria-label={props.label} tabIndex={0}>
      <table className="page-table">
        <thead>
          <tr>{props.columns.map((column) => <th key={column.title} scope="col" className={column.className}>{column.title}</th>)}</tr>
        </thead>
        <tbody>
          {props.items.map((item) => (
            <tr key={props.idOf(item)}>
              {props.columns.map((column) => <td key={column.title} className={column.className}>{column.cell(item)}</td>)}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** An instant in the reader's own zone, to the second on hovering. */
export function When({ at, none = "–" }: { at: Timestamp | undefined; none?: string }) {
  if (!at) return <span className="none">{none}</span>;
  const date = timestampDate(at);
  const isThisYear = date.getFullYear() === new Date().getFullYear();
  const text = date.toLocaleString(undefined, {
    ...(isThisYear ? {} : { year: "numeric" }), month: "short", day: "numeric", hour: "2-digit", minute: "2-digit",
  });
  return <time dateTime={date.toISOString()} title={date.toLocaleString(undefined, { dateStyle: "full", timeStyle: "long" })}>{text}</time>;
}

/** A secret that the hub tells once, and what to do with it. */
export function Secret({ secret, children }: { secret: string; children: ReactNode }) {
  const [isCopied, setCopied] = useState(false);
  return (
    <div className="secret" role="status">
      <p><strong>Shown once.</strong> {children}</p>
      <div className="secret-row">
        <code>{secret}</code>
        <button type="button" onClick={() => void navigator.clipboard.writeText(secret).then(() => setCopied(true))}>
          {isCopied ? "Copied" : "Copy"}
        </button>
      </div>
    </div>
  );
}

/** Asks before something that cannot be taken back; shows why it was refused, and stays open then. */
export function Confirm(props: {
  title: string; deed: string; onDone: () => void; onCancel: () => void; act: () => Promise<unknown>; children: ReactNode;
}) {
  const dialog = useRef<HTMLDialogElement>(null);
  const heading = useId();
  const [isBusy, setBusy] = useState(false);
  const [reason, setReason] = useState("");
  useEffect(() => dialog.current?.showModal(), []);
  async function act() {
    setBusy(true);
    try {
      await props.act();
      props.onDone();
    } catch (error) {
      setReason(refusalOf(error).reason);
      setBusy(false);
    }
  }
  return (
    <dialog ref={dialog} className="dialog" aria-labelledby={heading} onClose={props.onCancel}>
      <header><h1 id={heading}>{props.title}</h1></header>
      <div>{props.children}</div>
      <p className="refusal" role="alert">{reason}</p>
      <div className="decision">
        <button type="button" autoFocus onClick={props.onCancel}>Cancel</button>
        <button type="button" className="danger" disabled={isBusy} onClick={() => void act()}>{props.deed}</button>
      </div>
    </dialog>
  );
}
