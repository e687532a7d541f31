/** What the hub answers about each verb, with the row that decides and what would change it. */
import { timestampMs } from "@bufbuild/protobuf/wkt";
import type { AccessAnswer } from "../gen/octokube/v1/cluster_service_pb";
import { StateDot } from "../ui/StateDot";

export function Answers({ answers, isAlone = false }: { answers: readonly AccessAnswer[]; isAlone?: boolean }) {
  return <ul className="sentences">{answers.map((one) => <Answer key={one.verb} answer={one} isAlone={isAlone} />)}</ul>;
}

function Answer({ answer, isAlone }: { answer: AccessAnswer; isAlone: boolean }) {
  const by = [answer.subject && `by a row for ${answer.subject}`, answer.window && answer.window !== "always" && `in ${answer.window}`].filter(Boolean).join(", ");
  return (
    <li>
      <StateDot tone={answer.isAllowed ? "good" : "bad"} />
      <span>
        {!isAlone && <><strong>{answer.verb}</strong>: </>}{answer.sentence}
        {by && <span className="muted"> Decided {by}.</span>}
        {answer.changesAt && (
          <span className="muted"> {answer.isAllowed ? "Until" : "From"} {new Date(timestampMs(answer.changesAt)).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" })} in your own time zone.</span>
        )}
      </span>
    </li>
  );
}
