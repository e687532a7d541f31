/** Agents and gateways: what they are called, how their certificates stand, enrolling and revoking. */
import type { Timestamp } from "@bufbuild/protobuf/wkt";
import { useState, type FormEvent } from "react";
import { EnrolmentService } from "../gen/octokube/v1/enrolment_service_pb";
import { GatewayService } from "../gen/octokube/v1/gateway_service_pb";
import { StateDot } from "../ui/StateDot";
import { ask, refusalOf, useAnswer } from "./hub";
import { Confirm, Frame, Secret, Shown, Table, When, type Column } from "./parts";

interface Machine {
  readonly id: string;
  readonly name: string;
  readonly createdAt?: Timestamp | undefined;
  readonly tokenExpiresAt?: Timestamp | undefined;
  readonly enrolledAt?: Timestamp | undefined;
  readonly certificateExpiresAt?: Timestamp | undefined;
  readonly revokedAt?: Timestamp | undefined;
  readonly isConnected: boolean;
}

interface Kind {
  readonly title: string;
  readonly about: string;
  readonly one: string;
  readonly nameTitle: string;
  readonly list: () => Promise<Machine[]>;
  readonly permit: (name: string) => Promise<string>;
  readonly revoke: (id: string) => Promise<unknown>;
  readonly use: string;
  readonly ending: string;
}

const AGENTS: Kind = {
  title: "Agents",
  about: "One for each cluster. Each proves by its certificate which cluster it speaks for.",
  one: "agent",
  nameTitle: "Cluster",
  list: async () => (await ask(EnrolmentService.method.listAgents, {})).agents.map((one) => ({ ...one, id: one.agentId, name: one.cluster })),
  permit: async (cluster) => (await ask(EnrolmentService.method.createEnrolment, { cluster })).token,
  revoke: (agentId) => ask(EnrolmentService.method.revokeAgent, { agentId }),
  use: "Give it to the chart octokube-agent as enrolment.token. It works once, for an hour.",
  ending: "Its session ends within a second, and no certificate of it is accepted again. What people see of its cluster goes stale.",
};

const GATEWAYS: Kind = {
  title: "Gateways",
  about: "They carry browsers' streams and sign people in.",
  one: "gateway",
  nameTitle: "Name",
  list: async () => (await ask(GatewayService.method.listGateways, {})).gateways.map((one) => ({ ...one, id: one.gatewayId })),
  permit: async (name) => (await ask(GatewayService.method.createGateway, { name })).token,
  revoke: (gatewayId) => ask(GatewayService.method.revokeGateway, { gatewayId }),
  use: "Give it to octokube-web with --enrolment-token-file, or to the chart as web.enrolment. It works once, for an hour.",
  ending: "Everything that is open through it ends within a second, this page too if it is the one that you came by.",
};

export const AgentsPage = () => <MachinesPage kind={AGENTS} />;
export const GatewaysPage = () => <MachinesPage kind={GATEWAYS} />;

function MachinesPage({ kind }: { kind: Kind }) {
  const { answer, again } = useAnswer(kind.list, [kind]);
  const [ending, setEnding] = useState<Machine | undefined>();
  const columns: readonly Column<Machine>[] = [
    { title: kind.nameTitle, cell: (one) => one.name },
    { title: "State", cell: (one) => <State of={one} /> },
    { title: "Made", cell: (one) => <When at={one.createdAt} /> },
    { title: "Id", cell: (one) => <code>{one.id}</code> },
    { title: "Revoke", cell: (one) => one.revokedAt ? null : <button type="button" className="quiet" onClick={() => setEnding(one)}>Revoke {one.name}…</button> },
  ];
  return (
    <Frame title={kind.title} about={kind.about} actions={<button type="button" onClick={again}>Ask again</button>}>
      <Enrolling kind={kind} onDone={again} />
      <Shown answer={answer} again={again}>
        {(machines) => <Table label={kind.title} items={machines} idOf={(one) => one.id} columns={columns} empty={`No ${kind.one} is enrolled.`} />}
      </Shown>
      {ending && (
        <Confirm
          title={`Revoke the ${kind.one} ${ending.name}?`}
          deed="Revoke"
          act={() => kind.revoke(ending.id)}
          onDone={() => (setEnding(undefined), again())}
          onCancel={() => setEnding(undefined)}
        >
          <p>{kind.ending} To let it back in, enrol it again.</p>
        </Confirm>
      )}
    </Frame>
  );
}

function Enrolling({ kind, onDone }: { kind: Kind; onDone: () => void }) {
  const [name, setName] = useState("");
  const [token, setToken] = useState("");
  const [reason, setReason] = useState("");
  async function submit(event: FormEvent) {
    event.preventDefault();
    try {
      setToken(await kind.permit(name));
      setReason("");
      onDone();
    } catch (error) {
      setToken("");
      setReason(refusalOf(error).reason);
    }
  }
  return (
    <>
      <form className="page-form" onSubmit={(event) => void submit(event)}>
        <label>{kind.nameTitle}<input value={name} required autoComplete="off" spellCheck={false} onChange={(event) => setName(event.target.value.trim())} /></label>
        <button type="submit" className="primary">Let one enrol</button>
      </form>
      <p className="refusal" role="alert">{reason}</p>
      {token && <Secret secret={token}>{kind.use}</Secret>}
    </>
  );
}

function State({ of }: { of: Machine }) {
  if (of.revokedAt) return <span className="state"><StateDot tone="calm" /> revoked <When at={of.revokedAt} /></span>;
  if (!of.enrolledAt) return <span className="state"><StateDot tone="busy" /> may enrol until <When at={of.tokenExpiresAt} /></span>;
  const tone = of.isConnected ? "good" : "bad";
  return <span className="state"><StateDot tone={tone} /> {of.isConnected ? "connected" : "not connected"}, certificate until <When at={of.certificateExpiresAt} /></span>;
}
