/** The values of a Secret: what keys there are, and each value on demand, which is on record and soon hidden again. */
import { useEffect, useId, useMemo, useRef, useState } from "react";
import { useSession } from "../ui/context";
import { Nothing } from "../ui/Nothing";
import { useAccess } from "./access";
import { gather } from "./gather";
import { operationTarget, type Target } from "./target";

const SHOWN_SECONDS = 30;
/** The API server allows no more for a whole Secret. */
const LIMIT = 1024 ** 2;

export default function ValuesTab({ target }: { target: Target }) {
  const verdict = useAccess(target, ["reveal"])("reveal");
  const keys = useMemo(() => Object.keys((JSON.parse(target.body || "{}") as { data?: Record<string, unknown> }).data ?? {}).sort(), [target.body]);
  const [asked, setAsked] = useState("");
  if (keys.length === 0) return <Nothing kind="empty" title="This Secret holds nothing." />;
  return (
    <div className="overview" tabIndex={0} role="group" aria-label={`Values of ${target.name}`}>
      {verdict.is !== "allowed" && <p className="muted">{verdict.sentence}</p>}
      <ul className="value-list">
        {keys.map((key) => <Value key={`${target.uid} ${target.resourceVersion} ${key}`} {...{ target, verdict, asked }} name={key} onAsk={() => setAsked(key)} onDone={() => setAsked("")} />)}
      </ul>
      <p className="muted">Values do not leave the cluster unless they are revealed one by one. Each time is on record, with who asked.</p>
    </div>
  );
}

interface ValueProps {
  readonly target: Target;
  readonly name: string;
  readonly asked: string;
  readonly verdict: ReturnType<ReturnType<typeof useAccess>>;
  readonly onAsk: () => void;
  readonly onDone: () => void;
}

function Value({ target, name, asked, verdict, onAsk, onDone }: ValueProps) {
  const { feed } = useSession();
  const [bytes, setBytes] = useState<Uint8Array | undefined>();
  const [reason, setReason] = useState("");
  const [isBusy, setBusy] = useState(false);
  const isAllowed = verdict.is === "allowed";
  const isGone = useRef(false);
  useEffect(() => {
    isGone.current = false;
    return () => {
      isGone.current = true;
    };
  }, []);
  useEffect(() => {
    if (!bytes) return;
    const timer = setTimeout(() => setBytes(undefined), SHOWN_SECONDS * 1000);
    return () => clearTimeout(timer);
  }, [bytes]);
  // What may no longer be revealed is no longer shown.
  useEffect(() => {
    if (!isAllowed) setBytes(undefined);
  }, [isAllowed]);

  async function reveal() {
    onDone();
    setBusy(true);
    setReason("");
    const { ending, parts, isCut } = await gather(feed, { target: operationTarget(target), operation: { case: "reveal", value: { key: name } } }, LIMIT, () => undefined).ended;
    if (isGone.current) return;
    setBusy(false);
    if (!ending.isDone || isCut) {
      setReason(ending.message || "It could not be read.");
      return;
    }
    const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
    let offset = 0;
    for (const part of parts) {
      whole.set(part, offset);
      offset += part.length;
    }
    setBytes(whole);
  }
  const text = useMemo(() => bytes && textOf(bytes), [bytes]);
  return (
    <li>
      <span className="value-key">{name}</span>
      {text === undefined ? (
        <button type="button" aria-disabled={!isAllowed || isBusy} title={isAllowed ? "Show the value; that is recorded" : verdict.sentence} onClick={() => isAllowed && !isBusy && onAsk()}>
          Reveal<span className="hush"> {name}</span>
        </button>
      ) : (
        <>
          <button type="button" onClick={() => setBytes(undefined)}>Hide<span className="hush"> {name}</span></button>
          <pre tabIndex={0} role="group" aria-label={`Value of ${name}, for ${SHOWN_SECONDS} seconds`}>{text}</pre>
        </>
      )}
      {reason && <p className="refusal" role="alert">{reason}</p>}
      {asked === name && <Ask secret={target.name} name={name} onReveal={() => void reveal()} onCancel={onDone} />}
    </li>
  );
}

function textOf(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    // What is no text is told as what a Secret would hold of it.
    return `${bytes.length} bytes that are no text, in base64:\n${btoa(String.fromCharCode(...bytes.subarray(0, 3_000)))}`;
  }
}

function Ask({ secret, name, onReveal, onCancel }: { secret: string; name: string; onReveal: () => void; onCancel: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const heading = useId();
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog ref={dialog} className="dialog" aria-labelledby={heading} onClose={onCancel} onKeyDown={(event) => event.stopPropagation()}>
      <header><h1 id={heading}>Reveal {name} of {secret}?</h1></header>
      <p>The value is shown on this screen for {SHOWN_SECONDS} seconds. That you asked for it is on record.</p>
      <div className="decision">
        <button type="button" autoFocus onClick={onCancel}>Cancel</button>
        <button type="button" className="danger" onClick={onReveal}>Reveal</button>
      </div>
    </dialog>
  );
}
