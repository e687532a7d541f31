/** Why something may or may not be done: each verb with the row that decides, and what would change it. */
import { useEffect, useId, useRef } from "react";
import { ClusterService } from "../gen/octokube/v1/cluster_service_pb";
import { ask, useAnswer } from "../pages/hub";
import { useStore } from "../store";
import { useSession } from "../ui/context";
import { Answers } from "./Answers";
import { go } from "../workbench/tabs";

export interface WhyQuestion {
  readonly cluster: string;
  readonly type: string;
  readonly namespace: string;
  /** Empty: any. */
  readonly name: string;
  /** Empty: all that there are on the type. */
  readonly verbs: readonly string[];
}

export default function WhyDialog({ question, onClose }: { question: WhyQuestion; onClose: () => void }) {
  const { feed } = useSession();
  const catalog = useStore(feed.catalog);
  const dialog = useRef<HTMLDialogElement>(null);
  const heading = useId();
  const { cluster, type, namespace, name, verbs } = question;
  useEffect(() => dialog.current?.showModal(), []);
  const { answer, again } = useAnswer(
    () => ask(ClusterService.method.explainAccess, { cluster, key: { type, namespace, name }, verbs: [...verbs] }),
    [cluster, type, namespace, name, verbs.join(" "), catalog?.policyRevision, catalog?.nextEdge],
  );
  const info = catalog?.clusters.find((one) => one.name === cluster)?.types.find((one) => one.type === type);
  const isRefused = answer.is === "there" && answer.value.answers.some((one) => !one.isAllowed);
  const toAccess = () => (onClose(), go({ page: "access" }));
  return (
    <dialog ref={dialog} className="dialog why" aria-labelledby={heading} onClose={onClose} onKeyDown={(event) => event.stopPropagation()}>
      <header><h1 id={heading}>{isRefused && answer.value.answers.length === 1 ? "Why not?" : "Why?"}</h1></header>
      <dl className="page-facts">
        <div><dt>Asked</dt><dd>{[verbs.join(", "), type, name || "of any name"].filter(Boolean).join(" ")}{namespace && ` in ${namespace}`} of {cluster}</dd></div>
        {answer.is === "there" && <div><dt>Policy</dt><dd><code>{answer.value.policyRevision.slice(0, 12)}</code></dd></div>}
      </dl>
      {answer.is === "asking" && <p className="muted" role="status">Asking the hub…</p>}
      {answer.is === "refused" && (
        <>
          <p className="refusal" role="alert">{answer.reason}</p>
          <button type="button" onClick={again}>Try again</button>
        </>
      )}
      {answer.is === "there" && (
        <Answers answers={answer.value.answers} isAlone={verbs.length === 1} />
      )}
      {/* Two programs decide: Octokube's policy, and what Kubernetes lets the agent do. */}
      {info?.condition === "forbidden" && <p className="muted">Kubernetes: {info.reason || "the agent may not read this type in the cluster."}</p>}
      {name && <p className="muted">Said of the policy alone: the answer is the same whether such an object exists or not.</p>}
      <div className="decision">
        <button type="button" onClick={toAccess}>Your access</button>
        <button type="button" autoFocus onClick={onClose}>Close</button>
      </div>
    </dialog>
  );
}
