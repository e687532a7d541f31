/** The reader's own tokens, for programs. */
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { useState, type FormEvent } from "react";
import { IdentityService, type PersonalToken } from "../gen/octokube/v1/identity_service_pb";
import { ask, refusalOf, useAnswer } from "./hub";
import { Confirm, Frame, Secret, Shown, Table, When, type Column } from "./parts";

const DAY_MS = 86_400_000;

export default function TokensPage() {
  const { answer, again } = useAnswer(async () => (await ask(IdentityService.method.listPersonalTokens, {})).tokens, []);
  const [ending, setEnding] = useState<PersonalToken | undefined>();
  const columns: readonly Column<PersonalToken>[] = [
    { title: "For", cell: (one) => one.description || "–" },
    { title: "May", cell: (one) => mayOf(one) },
    { title: "Made", cell: (one) => <When at={one.createdAt} /> },
    { title: "Ends", cell: (one) => one.revokedAt ? <>revoked <When at={one.revokedAt} /></> : <When at={one.expiresAt} /> },
    { title: "Id", cell: (one) => <code>{one.tokenId}</code> },
    { title: "Revoke", cell: (one) => one.revokedAt ? null : <button type="button" className="quiet" onClick={() => setEnding(one)}>Revoke {one.description || one.tokenId}…</button> },
  ];
  return (
    <Frame title="Your tokens" about="For programs that work as you, from anywhere. A token can do less than you, and never more.">
      <Making onDone={again} />
      <Shown answer={answer} again={again}>
        {(tokens) => <Table label="Your tokens" items={tokens} idOf={(one) => one.tokenId} columns={columns} empty="You have none." />}
      </Shown>
      {ending && (
        <Confirm
          title={`Revoke ${ending.description || ending.tokenId}?`}
          deed="Revoke"
          act={() => ask(IdentityService.method.revokePersonalToken, { tokenId: ending.tokenId })}
          onDone={() => (setEnding(undefined), again())}
          onCancel={() => setEnding(undefined)}
        >
          <p>What a program has open with it ends within a second.</p>
        </Confirm>
      )}
    </Frame>
  );
}

function mayOf(token: PersonalToken): string {
  const what = token.ceiling?.isReadOnly ? "read" : "what you may";
  const where = token.ceiling?.clusters.length ? ` in ${token.ceiling.clusters.join(", ")}` : "";
  return what + where;
}

function Making({ onDone }: { onDone: () => void }) {
  const [description, setDescription] = useState("");
  const [days, setDays] = useState(90);
  const [isReadOnly, setReadOnly] = useState(true);
  const [token, setToken] = useState("");
  const [reason, setReason] = useState("");
  async function submit(event: FormEvent) {
    event.preventDefault();
    try {
      const expiresAt = timestampFromMs(Date.now() + days * DAY_MS);
      const made = await ask(IdentityService.method.createPersonalToken, { description, expiresAt, ceiling: { isReadOnly } });
      setToken(made.token);
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
        <label>For<input value={description} required placeholder="nightly report" onChange={(event) => setDescription(event.target.value)} /></label>
        <label>Days<input type="number" min={1} max={366} value={days} onChange={(event) => setDays(event.target.valueAsNumber || 1)} /></label>
        <label className="check"><input type="checkbox" checked={isReadOnly} onChange={(event) => setReadOnly(event.target.checked)} />Only read</label>
        <button type="submit" className="primary">Make a token</button>
      </form>
      <p className="refusal" role="alert">{reason}</p>
      {token && <Secret secret={token}>Set it as OCTOKUBE_TOKEN, or send it as a bearer token.</Secret>}
    </>
  );
}
