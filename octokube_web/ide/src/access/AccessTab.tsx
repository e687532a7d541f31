/** Everything that may, and may not, be done to an object, and who says so. */
import { ClusterService } from "../gen/octokube/v1/cluster_service_pb";
import type { Target } from "../operations/target";
import { ask, useAnswer } from "../pages/hub";
import { Shown } from "../pages/parts";
import { useStore } from "../store";
import { useSession } from "../ui/context";
import { Answers } from "./Answers";

export default function AccessTab({ target: { cluster, type, namespace, name } }: { target: Target }) {
  const { feed } = useSession();
  const catalog = useStore(feed.catalog);
  const { answer, again } = useAnswer(
    () => ask(ClusterService.method.explainAccess, { cluster, key: { type, namespace, name } }),
    [cluster, type, namespace, name, catalog?.policyRevision, catalog?.nextEdge],
  );
  return (
    <div className="overview" tabIndex={0} role="group" aria-label={`What you may do to ${name}`}>
      <Shown answer={answer} again={again}>
        {({ answers, policyRevision }) => (
          <>
            <Answers answers={[...answers].sort((a, b) => Number(b.isAllowed) - Number(a.isAllowed))} />
            <p className="muted">By policy <code>{policyRevision}</code>. What Kubernetes itself refuses the agent is told where it happens.</p>
          </>
        )}
      </Shown>
    </div>
  );
}
