/** Asks before something is done to several objects, does it, and says what came of each. */
import { useEffect, useId, useRef, useState } from "react";
import { Store, useStore } from "../store";
import { useSession } from "../ui/context";
import { count } from "../ui/format";
import type { Deed } from "./actions";
import { isOver, runAll, type Bulk, type Item } from "./bulk";
import type { Target } from "./target";

/** More than these are not told by their names alone: their number has to be typed. */
const MANY = 10;
const NOTHING = new Store<readonly Item[]>([]);

interface Props {
  readonly deed: Deed;
  readonly targets: readonly Target[];
  readonly kind: string;
  readonly onClose: () => void;
}

export default function BulkDialog({ deed, targets, kind, onClose }: Props) {
  const { feed } = useSession();
  const dialog = useRef<HTMLDialogElement>(null);
  const heading = useId();
  const [number, setNumber] = useState(1);
  const [typed, setTyped] = useState("");
  const [bulk, setBulk] = useState<Bulk | undefined>();
  const items = useStore(bulk?.items ?? NOTHING);
  useEffect(() => dialog.current?.showModal(), []);
  const only = targets.length === 1 ? targets[0] : undefined;
  const word = deed.care === "name" && only ? only.name : targets.length > MANY || deed.care === "name" ? String(targets.length) : "";
  const isReady = word === "" || typed === word;
  const isDone = bulk !== undefined && isOver(items);
  const times = (state: Item["state"]) => items.filter((item) => item.state === state).length;
  const listed: readonly Item[] = bulk ? items : targets.map((target) => ({ target, state: "waiting", sentence: "" }));

  return (
    <dialog
      ref={dialog}
      className="dialog wide"
      aria-labelledby={heading}
      onClose={onClose}
      onKeyDown={(event) => event.stopPropagation()}
      onCancel={(event) => bulk && !isDone && event.preventDefault()}
    >
      <header><h1 id={heading}>{deed.title} {only ? only.name : `${count(targets.length)} ${kind}`}?</h1></header>
      <form onSubmit={(event) => (event.preventDefault(), isReady && !bulk && setBulk(runAll(feed, deed, targets, number)))}>
        <p>{only ? deed.consequence : `Of each: ${deed.consequence.charAt(0).toLowerCase()}${deed.consequence.slice(1)}`}</p>
        <ul className="bulk-list" tabIndex={0} aria-label="Objects">
          {listed.map(({ target, state, sentence }) => (
            <li key={`${target.cluster}/${target.namespace}/${target.name}`} className={state.replace(" ", "-")}>
              <span className="bulk-name">{target.name}<span className="muted">{target.namespace && ` in ${target.namespace}`}</span></span>
              {bulk && <span className="bulk-state">{state}{sentence && `: ${sentence}`}</span>}
            </li>
          ))}
        </ul>
        {deed.number && !bulk && (
          <label className="deed-field">{deed.number.label}
            <input type="number" autoFocus min={deed.number.least} max={100000} value={number} onChange={(event) => setNumber(Math.max(0, event.target.valueAsNumber || 0))} />
          </label>
        )}
        {word !== "" && !bulk && (
          <label className="deed-field"><span>Type <code>{word}</code> to go on</span>
            <input autoFocus autoComplete="off" spellCheck={false} value={typed} onChange={(event) => setTyped(event.target.value)} />
          </label>
        )}
        <p role="status">{isDone && `${count(times("done"))} done${times("failed") ? `, ${count(times("failed"))} failed` : ""}${times("left out") ? `, ${count(times("left out"))} left out` : ""}.`}</p>
        <div className="decision">
          {isDone ? (
            <button type="button" autoFocus onClick={() => dialog.current?.close()}>Close</button>
          ) : (
            <>
              <button type="button" autoFocus={word === "" && !deed.number} onClick={() => (bulk ? bulk.stop() : dialog.current?.close())}>{bulk ? "Begin no more" : "Cancel"}</button>
              <button type="submit" className={deed.id === "delete" || deed.care === "name" ? "danger" : "primary"} disabled={!isReady || bulk !== undefined}>{deed.title}</button>
            </>
          )}
        </div>
      </form>
    </dialog>
  );
}
