/** What can be done to an object: enabled as the hub would decide, and otherwise with the reason why not. */
import { useEffect, useId, useMemo, useRef, useState } from "react";
import WhyDialog from "../access/WhyDialog";
import { useSession } from "../ui/context";
import { useAccess, type Verdict } from "./access";
import { deedsOf, type Deed } from "./actions";
import { run } from "./operation";
import type { Target } from "./target";

export function ActionBar({ target }: { target: Target }) {
  const deeds = useMemo(() => deedsOf(target), [target]);
  const verdicts = useAccess(target, [...new Set(deeds.map((deed) => deed.verb))]);
  const [chosen, setChosen] = useState<Deed | undefined>();
  const [why, setWhy] = useState<Deed | undefined>();
  const [said, setSaid] = useState("");
  return (
    <div className="actions" role="toolbar" aria-label="Actions">
      {deeds.map((deed) => (
        <ActionButton key={deed.id} deed={deed} verdict={verdicts(deed.verb)} onChosen={() => setChosen(deed)} onWhy={() => setWhy(deed)} />
      ))}
      <span className="said muted" role="status">{said}</span>
      {chosen && (
        <DeedDialog
          deed={chosen}
          target={target}
          onCancel={() => setChosen(undefined)}
          onDone={(sentence) => (setChosen(undefined), setSaid(sentence))}
        />
      )}
      {why && <WhyDialog question={{ ...target, verbs: [why.verb] }} onClose={() => setWhy(undefined)} />}
    </div>
  );
}

function ActionButton({ deed, verdict, onChosen, onWhy }: { deed: Deed; verdict: Verdict; onChosen: () => void; onWhy: () => void }) {
  const reason = useId();
  const isAllowed = verdict.is === "allowed";
  // Not `disabled`: who is refused must be able to reach it, and to read why.
  return (
    <>
      <button
        type="button"
        className={deed.care === "name" || deed.id === "delete" ? "danger" : ""}
        aria-disabled={!isAllowed}
        aria-describedby={isAllowed ? undefined : reason}
        title={isAllowed ? deed.consequence : verdict.sentence}
        onClick={isAllowed ? onChosen : verdict.is === "denied" ? onWhy : undefined}
      >
        {deed.title}
      </button>
      {!isAllowed && <span id={reason} className="hush">{verdict.sentence}</span>}
    </>
  );
}

interface DialogProps {
  readonly deed: Deed;
  readonly target: Target;
  readonly onCancel: () => void;
  readonly onDone: (sentence: string) => void;
}

function DeedDialog({ deed, target, onCancel, onDone }: DialogProps) {
  const { feed } = useSession();
  const dialog = useRef<HTMLDialogElement>(null);
  const heading = useId();
  const [number, setNumber] = useState(() => deed.number?.start(target) ?? 0);
  const [typed, setTyped] = useState("");
  const [progress, setProgress] = useState<readonly string[]>([]);
  const [reason, setReason] = useState("");
  const [operation, setOperation] = useState<ReturnType<typeof run> | undefined>();
  useEffect(() => dialog.current?.showModal(), []);
  const isReady = deed.care !== "name" || typed === target.name;

  function act() {
    setReason("");
    setProgress([]);
    const begun = run(feed, deed.start(target, number), {
      progress: (sentence, about) => setProgress((last) => [...last, about ? `${about}: ${sentence}` : sentence].slice(-50)),
    });
    setOperation(begun);
    void begun.ended.then((end) => {
      setOperation(undefined);
      if (end.isDone) onDone(end.message || `${deed.title}: done.`);
      else setReason(end.message || "It failed, and the cluster did not say why.");
    });
  }
  // A cancelled drain stops; what was done stays done.
  const leave = () => (operation ? operation.cancel() : onCancel());

  return (
    <dialog ref={dialog} className="dialog" aria-labelledby={heading} onClose={onCancel} onKeyDown={(event) => event.stopPropagation()} onCancel={(event) => operation && event.preventDefault()}>
      <header><h1 id={heading}>{deed.title} {target.name}?</h1></header>
      <form onSubmit={(event) => (event.preventDefault(), isReady && !operation && act())}>
        <p>{deed.consequence}</p>
        <p className="muted">{target.type}{target.namespace && ` in ${target.namespace}`} of {target.cluster}</p>
        {deed.number && (
          <label className="deed-field">{deed.number.label}
            <input type="number" autoFocus min={deed.number.least} max={100000} value={number} onChange={(event) => setNumber(Math.max(0, event.target.valueAsNumber || 0))} />
          </label>
        )}
        {deed.care === "name" && (
          <label className="deed-field">Type <code>{target.name}</code> to go on
            <input autoFocus autoComplete="off" spellCheck={false} value={typed} onChange={(event) => setTyped(event.target.value)} />
          </label>
        )}
        {progress.length > 0 && <ul className="progress" aria-label="Progress">{progress.map((sentence, index) => <li key={index}>{sentence}</li>)}</ul>}
        <p className="refusal" role="alert">{reason}</p>
        <div className="decision">
          <button type="button" autoFocus={deed.care !== "name" && !deed.number} onClick={leave}>{operation ? "Stop" : "Cancel"}</button>
          <button type="submit" className={deed.id === "delete" || deed.care === "name" ? "danger" : "primary"} disabled={!isReady || operation !== undefined}>{deed.title}</button>
        </div>
      </form>
    </dialog>
  );
}
