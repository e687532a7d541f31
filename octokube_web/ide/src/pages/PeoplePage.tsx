/** Who has been here, in which teams, and who is shut out. */
import { useState } from "react";
import { IdentityService, type Person } from "../gen/octokube/v1/identity_service_pb";
import { StateDot } from "../ui/StateDot";
import { ask, useAnswer } from "./hub";
import { Confirm, Frame, Shown, Table, When, type Column } from "./parts";

export default function PeoplePage() {
  const { answer, again } = useAnswer(async () => (await ask(IdentityService.method.listPeople, {})).people, []);
  const [changing, setChanging] = useState<Person | undefined>();
  const columns: readonly Column<Person>[] = [
    { title: "Who", cell: (one) => one.subject },
    { title: "State", cell: (one) => one.disabledAt ? <span className="state"><StateDot tone="bad" /> shut out <When at={one.disabledAt} /></span> : <span className="state"><StateDot tone="good" /> may come</span> },
    { title: "Teams", cell: (one) => one.teams.join(", ") || "–" },
    { title: "As told", cell: (one) => <When at={one.teamsAt} /> },
    { title: "Change", cell: (one) => <button type="button" className="quiet" onClick={() => setChanging(one)}>{one.disabledAt ? "Let in" : "Shut out"} {one.subject}…</button> },
  ];
  const isShutOut = changing?.disabledAt !== undefined;
  return (
    <Frame title="People" about="Who has signed in, and service accounts. Teams are as the identity provider told them last." actions={<button type="button" onClick={again}>Ask again</button>}>
      <Shown answer={answer} again={again}>
        {(people) => <Table label="People" items={people} idOf={(one) => one.subject} columns={columns} empty="Nobody has signed in yet." />}
      </Shown>
      {changing && (
        <Confirm
          title={isShutOut ? `Let ${changing.subject} in again?` : `Shut ${changing.subject} out?`}
          deed={isShutOut ? "Let in" : "Shut out"}
          act={() => ask(IdentityService.method.setDisabled, { subject: changing.subject, isDisabled: !isShutOut })}
          onDone={() => (setChanging(undefined), again())}
          onCancel={() => setChanging(undefined)}
        >
          <p>{isShutOut ? "They have to sign in anew: sessions that were ended stay ended." : "Every session, stream and token of theirs ends within a second, and no new one begins."}</p>
        </Confirm>
      )}
    </Frame>
  );
}
