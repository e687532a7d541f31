/** How the hub and its clusters fare. */
import { AdminService, type ClusterStatus, type GetHubStatusResponse } from "../gen/octokube/v1/admin_service_pb";
import { ClusterCondition } from "../gen/octokube/v1/resource_pb";
import { count } from "../ui/format";
import { StateDot } from "../ui/StateDot";
import { ask, useAnswer } from "./hub";
import { Frame, Shown, Table, When, type Column } from "./parts";

const TONES = { [ClusterCondition.LIVE]: "good", [ClusterCondition.STALE]: "busy", [ClusterCondition.OFFLINE]: "bad", [ClusterCondition.UNSPECIFIED]: "calm" } as const;
const WORDS = { [ClusterCondition.LIVE]: "live", [ClusterCondition.STALE]: "stale", [ClusterCondition.OFFLINE]: "offline", [ClusterCondition.UNSPECIFIED]: "unknown" } as const;

const COLUMNS: readonly Column<ClusterStatus>[] = [
  { title: "Cluster", cell: (one) => one.name },
  { title: "State", cell: (one) => <State of={one} /> },
  { title: "Objects", cell: (one) => count(Number(one.objects)), className: "number" },
  { title: "As of", cell: (one) => <When at={one.asOf} none="not loaded yet" /> },
  { title: "Kubernetes", cell: (one) => one.serverVersion || "–" },
  { title: "Agent", cell: (one) => one.agentVersion || "–" },
];

export default function HubPage() {
  const { answer, again } = useAnswer(() => ask(AdminService.method.getHubStatus, {}), []);
  return (
    <Frame title="Hub and clusters" about="What the hub carries at this moment." actions={<button type="button" onClick={again}>Ask again</button>}>
      <Shown answer={answer} again={again}>{(hub) => <Status hub={hub} />}</Shown>
    </Frame>
  );
}

function Status({ hub }: { hub: GetHubStatusResponse }) {
  return (
    <>
      {hub.policyAlarms.length > 0 && (
        <div className="banner bad" role="alert">
          <div>
            <strong>The policy files on disk are refused; the last good ones stay in force.</strong>
            <ul>{hub.policyAlarms.map((alarm) => <li key={alarm}><code>{alarm}</code></li>)}</ul>
          </div>
        </div>
      )}
      <dl className="page-facts">
        <div><dt>Version</dt><dd>{hub.version}</dd></div>
        <div><dt>Policy</dt><dd><code>{hub.policyRevision.slice(0, 12)}</code></dd></div>
        <div><dt>Streams</dt><dd>{count(Number(hub.watchStreams))}</dd></div>
        <div><dt>Different views</dt><dd>{count(Number(hub.audiences))}</dd></div>
        <div><dt>Operations</dt><dd>{count(Number(hub.operations))}</dd></div>
        <div><dt>Audit records</dt><dd>{count(Number(hub.auditRecords))}</dd></div>
        <div><dt>Head of the audit log</dt><dd><code>{hub.auditHead}</code></dd></div>
      </dl>
      <Table label="Clusters" items={hub.clusters} idOf={(one) => one.name} columns={COLUMNS} empty="No agent has connected yet." />
    </>
  );
}

function State({ of }: { of: ClusterStatus }) {
  const condition = of.state?.condition ?? ClusterCondition.UNSPECIFIED;
  return (
    <span className="state" title={of.state?.reason}>
      <StateDot tone={TONES[condition]} /> {WORDS[condition]}
      {of.state?.reason && <span className="muted"> {of.state.reason}</span>}
    </span>
  );
}
