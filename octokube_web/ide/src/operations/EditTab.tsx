/** Edits an object: the text, what the server would make of it, and only then the change. Nothing of others' is overwritten. */
import { useEffect, useMemo, useReducer, useRef, useState } from "react";
import { parseDocument } from "yaml";
import { DocumentRole, PatchType } from "../gen/octokube/v1/operation_pb";
import { applyPatch, type Json } from "../state/merge-patch";
import { useSession } from "../ui/context";
import { Nothing } from "../ui/Nothing";
import { yamlOf } from "../yaml/lines";
import { useAccess } from "./access";
import { openEditor, type Editor } from "./editor";
import { hunks, lineDiff } from "./line-diff";
import { mergeDiff } from "./merge-diff";
import { run, type Document, type Ending } from "./operation";
import type { Schema } from "./schema";
import { operationTarget, type Target } from "./target";

const FIELD_MANAGER = "octokube";
const encoder = new TextEncoder();

/** The object as it was read, and what has been made of it since. */
interface Draft {
  readonly base: Json;
  readonly version: string;
  readonly text: string;
}

export default function EditTab({ target }: { target: Target }) {
  const verdicts = useAccess(target, ["get", "patch"]);
  const get = verdicts("get");
  if (get.is === "checking") return <Nothing kind="loading" title={get.sentence} />;
  if (get.is === "denied") return <Nothing kind="hidden" title="You may not read the whole of this.">{get.sentence}</Nothing>;
  return <Loading key={target.uid} target={target} />;
}

function Loading({ target }: { target: Target }) {
  const { feed } = useSession();
  const key = `${target.cluster}/${target.type}/${target.uid}`;
  const [draft, setDraft] = useState<Draft | undefined>(() => feed.drafts.get(key) as Draft | undefined);
  const [reason, setReason] = useState("");
  const [turn, again] = useReducer((last: number) => last + 1, 0);
  const isKnown = draft !== undefined;
  useEffect(() => {
    if (isKnown) return;
    let isOver = false;
    setReason("");
    void read(feed, target).then((found) => {
      if (isOver) return;
      if (typeof found === "string") setReason(found);
      else setDraft(found);
    });
    return () => {
      isOver = true;
    };
    // Read once: what the cluster makes of it meanwhile is told, and never taken into the text by itself.
  }, [feed, target.cluster, target.type, target.namespace, target.name, target.uid, turn, isKnown]);
  const keep = (next: Draft | undefined) => {
    if (next) feed.drafts.set(key, next);
    else feed.drafts.delete(key);
  };
  if (draft) return <Editing key={draft.version} target={target} draft={draft} keep={keep} restart={(next) => (keep(next), setDraft(next))} />;
  if (reason) {
    return (
      <Nothing kind="failed" title="This could not be read.">
        <p>{reason}</p>
        <button type="button" className="primary" onClick={again}>Try again</button>
      </Nothing>
    );
  }
  return <Nothing kind="loading" title="Reading the whole object…" />;
}

/** The whole object without what people do not write, or why it can't be had. */
async function read(feed: ReturnType<typeof useSession>["feed"], target: Target): Promise<Draft | string> {
  let found: Document | undefined;
  const operation = run(feed, { target: operationTarget(target), operation: { case: "get", value: {} } }, { document: (document) => (found = document) });
  const ending = await operation.ended;
  if (!ending.isDone || !found) return ending.message || "the cluster gave no object";
  const { status: _, ...base } = found.object as { status?: Json } & { [name: string]: Json };
  return { base, version: ending.result?.resourceVersion ?? "", text: yamlOf(JSON.stringify(base)) };
}

interface EditingProps {
  readonly target: Target;
  readonly draft: Draft;
  /** Remembers what was written, so that it survives another tab and a lost connection. */
  readonly keep: (draft: Draft | undefined) => void;
  /** Begins anew, with another draft or by reading again. */
  readonly restart: (draft: Draft | undefined) => void;
}

function Editing({ target, draft, keep, restart }: EditingProps) {
  const { feed } = useSession();
  const place = useRef<HTMLDivElement>(null);
  const editor = useRef<Editor | undefined>(undefined);
  const schema = useRef<Schema | undefined>(undefined);
  const [isChanged, setChanged] = useState(draft.text !== yamlOf(JSON.stringify(draft.base)));
  const [problem, setProblem] = useState("");
  const [review, setReview] = useState<Json | undefined>();
  const isOutdated = target.resourceVersion !== "" && target.resourceVersion !== draft.version;

  useEffect(() => {
    if (!place.current) return;
    const opened = openEditor(place.current, draft.text, `YAML of ${target.name}`, () => schema.current, (text) => {
      setChanged(true);
      setProblem("");
      keep({ ...draft, text });
    });
    editor.current = opened;
    return () => {
      editor.current = undefined;
      opened.destroy();
    };
  }, [draft]);

  useEffect(() => {
    const asked = run(
      feed,
      { target: operationTarget(target, "name"), operation: { case: "schema", value: {} } },
      { document: ({ object }) => (schema.current = object as unknown as Schema) },
    );
    // An older agent, or one that may not, tells none: then the server's own check has to do.
    return () => asked.cancel();
  }, [feed, target.cluster, target.type, target.namespace, target.name]);

  /** What was written as an object; undefined, with a sentence, when it is none. */
  function written(): Json | undefined {
    const document = parseDocument(editor.current?.text() ?? "");
    const broken = document.errors[0];
    if (broken) {
      setProblem(`This is no YAML: ${broken.message.split("\n")[0]}`);
      return undefined;
    }
    const object = document.toJS() as Json;
    if (typeof object !== "object" || object === null || Array.isArray(object)) {
      setProblem("This is no object.");
      return undefined;
    }
    return object;
  }

  function check() {
    const object = written();
    if (object === undefined) return;
    const patch = mergeDiff(draft.base, object);
    if (Object.keys(patch).length === 0) setProblem("Nothing is changed.");
    else setReview(patch);
  }

  /** What was changed here, on top of what the object has become. */
  async function rebase() {
    const object = written();
    if (object === undefined) return;
    const mine = mergeDiff(draft.base, object);
    const found = await read(feed, target);
    if (typeof found === "string") {
      setProblem(found);
      return;
    }
    restart({ ...found, text: yamlOf(JSON.stringify(applyPatch(found.base, mine))) });
  }

  return (
    <div className="edit-tab">
      <div className="log-tools">
        <button type="button" className="primary" disabled={!isChanged} onClick={check}>Review</button>
        <button type="button" disabled={!isChanged} onClick={() => restart(undefined)}>Discard</button>
        <span className="muted">Ctrl+Space completes. What reads (redacted) can't be changed here.</span>
      </div>
      {isOutdated && (
        <p className="banner busy" role="status">
          <span>The object has changed since you began. <button type="button" className="link" onClick={() => void rebase()}>Take the newest, and keep what you wrote</button></span>
        </p>
      )}
      <div ref={place} className="editor" />
      <p className="log-foot" role="status"><span className="refusal">{problem}</span></p>
      {review !== undefined && (
        <Review target={target} version={draft.version} patch={review} onCancel={() => setReview(undefined)} onDone={() => (setReview(undefined), restart(undefined))} />
      )}
    </div>
  );
}

function patching(target: Target, version: string, patch: Json, isDryRun: boolean) {
  return {
    target: { ...operationTarget(target), resourceVersion: version },
    operation: { case: "patch" as const, value: { type: PatchType.MERGE, body: encoder.encode(JSON.stringify(patch)), fieldManager: FIELD_MANAGER, dryRun: isDryRun } },
  };
}

function Review(props: { target: Target; version: string; patch: Json; onCancel: () => void; onDone: () => void }) {
  const { target, version, patch } = props;
  const { feed } = useSession();
  const dialog = useRef<HTMLDialogElement>(null);
  const [found, setFound] = useState<readonly Document[]>([]);
  const [tried, setTried] = useState<Ending | undefined>();
  const [isBusy, setBusy] = useState(false);
  const [reason, setReason] = useState("");
  const verdict = useAccess(target, ["patch"])("patch");
  useEffect(() => dialog.current?.showModal(), []);
  useEffect(() => {
    const gathered: Document[] = [];
    let isOver = false;
    const operation = run(feed, patching(target, version, patch, true), { document: (document) => gathered.push(document) });
    void operation.ended.then((end) => {
      if (isOver) return;
      setFound(gathered);
      setTried(end);
    });
    return () => {
      isOver = true;
      operation.cancel();
    };
    // The object may change under the review: the version that was read decides, at the server.
  }, [feed, patch, version]);
  const lines = useMemo(() => {
    const of = (role: DocumentRole) => found.find((one) => one.role === role);
    const before = of(DocumentRole.BEFORE);
    const after = of(DocumentRole.AFTER);
    return before && after ? hunks(lineDiff(yamlOf(JSON.stringify(before.object)), yamlOf(JSON.stringify(after.object)))) : [];
  }, [found]);
  const hidden = found.find((one) => one.role === DocumentRole.AFTER)?.hiddenChanges ?? [];

  async function apply() {
    setBusy(true);
    setReason("");
    const ending = await run(feed, patching(target, version, patch, false), {}).ended;
    setBusy(false);
    if (ending.isDone) props.onDone();
    else setReason(ending.message || "It failed, and the cluster did not say why.");
  }

  return (
    <dialog ref={dialog} className="dialog wide" aria-label={`Review the change of ${target.name}`} onClose={props.onCancel} onKeyDown={(event) => event.stopPropagation()}>
      <header><h1>Review the change of {target.name}</h1></header>
      {!tried && <p className="muted" role="status">Asking the server what it would make of it…</p>}
      {tried && !tried.isDone && <p className="refusal" role="alert">{tried.message}</p>}
      {tried?.isDone && (
        <>
          <div className="diff" role="group" aria-label="What changes" tabIndex={0}>
            {lines.map((line, index) =>
              line === "skipped" ? <div key={index} className="diff-line muted">⋯</div> : (
                <div key={index} className={`diff-line ${line.kind}`}>
                  <span aria-hidden="true">{line.kind === "new" ? "+" : line.kind === "gone" ? "−" : " "}</span>
                  {line.kind !== "same" && <span className="hush">{line.kind === "new" ? "added:" : "removed:"}</span>}
                  <code>{line.text}</code>
                </div>
              ),
            )}
          </div>
          {hidden.length > 0 && <p className="muted">Changed where you can't see it: {hidden.join(", ")}.</p>}
          {tried.result?.escalations.map((sentence) => <p key={sentence} className="banner busy"><span>{sentence}</span></p>)}
          <p className="muted">The server accepts it{tried.message && `: ${tried.message}`}. {verdict.sentence}</p>
        </>
      )}
      <p className="refusal" role="alert">{reason}</p>
      <div className="decision">
        <button type="button" autoFocus onClick={props.onCancel}>Go on editing</button>
        <button type="button" className="primary" disabled={!tried?.isDone || isBusy} onClick={() => void apply()}>Apply</button>
      </div>
    </dialog>
  );
}
