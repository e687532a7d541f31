/** Terminal sessions that were recorded. */
import { timestampMs } from "@bufbuild/protobuf/wkt";
import { lazy, Suspense, useMemo, useState } from "react";
import { AdminService, SessionState, type RecordedSession } from "../gen/octokube/v1/admin_service_pb";
import { ask, useAnswer } from "./hub";
import { Frame, Shown, Table, When, type Column } from "./parts";

const STATES = {
  [SessionState.UNSPECIFIED]: "unknown",
  [SessionState.RUNNING]: "running",
  [SessionState.COMPLETE]: "complete",
  [SessionState.CUT_OFF]: "its end is missing",
} as const;

// Its own chunk: whoever plays none loads no terminal.
const ReplayDialog = lazy(() => import("./ReplayDialog"));

const columns = (play: (session: RecordedSession) => void): readonly Column<RecordedSession>[] => [
  { title: "When", cell: (one) => <When at={one.startedAt} /> },
  { title: "Who", cell: (one) => one.subject },
  { title: "What", cell: (one) => [one.operation, one.command].filter(Boolean).join(" ") },
  { title: "Where", cell: (one) => `${one.key?.namespace}/${one.key?.name} in ${one.cluster}` },
  { title: "Lasted", cell: (one) => lastedOf(one) },
  { title: "Play", cell: (one) => <button type="button" aria-label={`Play the session of ${one.subject}, ${one.key?.name}`} onClick={() => play(one)}>Play</button> },
  { title: "Recording", cell: (one) => <a href={`/api/v1/recordings/${encodeURIComponent(one.sessionId)}`} download={`${one.sessionId}.cast`}>{STATES[one.state]}, {sizeOf(Number(one.bytes))}</a> },
];

export default function SessionsPage() {
  const { answer, again } = useAnswer(async () => (await ask(AdminService.method.listSessions, { limit: 200 })).sessions, []);
  const [played, setPlayed] = useState<RecordedSession | undefined>();
  const shown = useMemo(() => columns(setPlayed), []);
  return (
    <Frame title="Terminal sessions" about="What was shown in terminals; the files are asciicasts." actions={<button type="button" onClick={again}>Ask again</button>}>
      <Shown answer={answer} again={again}>
        {(sessions) => <Table label="Terminal sessions" items={sessions} idOf={(one) => one.sessionId} columns={shown} empty="None was recorded." />}
      </Shown>
      {played && (
        <Suspense fallback={null}>
          <ReplayDialog id={played.sessionId} title={`${played.subject} in ${played.key?.name ?? ""}`} onClose={() => setPlayed(undefined)} />
        </Suspense>
      )}
    </Frame>
  );
}

export function lastedOf(session: RecordedSession): string {
  if (!session.startedAt || !session.endedAt) return "–";
  const seconds = Math.max(0, Math.round((timestampMs(session.endedAt) - timestampMs(session.startedAt)) / 1000));
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

export function sizeOf(bytes: number): string {
  return bytes < 1024 ? `${bytes} B` : bytes < 1_048_576 ? `${(bytes / 1024).toFixed(0)} KiB` : `${(bytes / 1_048_576).toFixed(1)} MiB`;
}
