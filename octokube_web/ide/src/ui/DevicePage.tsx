/** Asks whether a program, such as `octokube login`, is let in as the person who has signed in here. */
import { useEffect, useState, type FormEvent } from "react";
import { decideProgram, findProgram, Refused, type Person, type WaitingProgram } from "../session";
import { MarkIcon } from "./icons";

type Step =
  | { readonly is: "asking" }
  | { readonly is: "found"; readonly program: WaitingProgram }
  | { readonly is: "done"; readonly sentence: string };

export function DevicePage({ person }: { readonly person: Person }) {
  const [code, setCode] = useState(() => new URLSearchParams(location.search).get("code") ?? "");
  const [step, setStep] = useState<Step>({ is: "asking" });
  const [refusal, setRefusal] = useState("");
  const [isBusy, setBusy] = useState(false);

  useEffect(() => {
    document.title = "Let a program in · Octokube";
  }, []);

  async function run(work: () => Promise<Step>) {
    setBusy(true);
    setRefusal("");
    try {
      setStep(await work());
    } catch (error) {
      setRefusal(error instanceof Refused ? error.message : String(error));
      setStep({ is: "asking" });
    } finally {
      setBusy(false);
    }
  }

  function find(event: FormEvent) {
    event.preventDefault();
    void run(async () => ({ is: "found", program: await findProgram(code) }));
  }

  const decide = (isConfirmed: boolean) =>
    run(async () => {
      await decideProgram(code, isConfirmed);
      const sentence = isConfirmed ? "It is let in. You can close this page." : "It was refused. You can close this page.";
      return { is: "done", sentence };
    });

  return (
    <main className="sign-in-page">
      <div className="card">
        <header>
          <MarkIcon size={40} />
          <div>
            <h1>Let a program in</h1>
            <p className="muted">You are signed in as {person.subject.replace(/^user:/, "")}.</p>
          </div>
        </header>
        {step.is === "asking" && (
          <form className="sign-in" onSubmit={find}>
            <label htmlFor="code">The code that the program shows</label>
            <div className="token-row">
              <input
                id="code"
                autoFocus
                autoComplete="off"
                spellCheck={false}
                value={code}
                aria-invalid={refusal !== ""}
                aria-describedby={refusal ? "refusal" : undefined}
                onChange={(event) => setCode(event.target.value)}
              />
              <button type="submit" className="primary" disabled={isBusy || !code.trim()}>Go on</button>
            </div>
            <p id="refusal" className="refusal" role="alert">{refusal}</p>
          </form>
        )}
        {step.is === "found" && (
          <div className="sign-in">
            <p>
              <strong>{step.program.client_name}</strong> asks to work as you for the next 12 hours. It began at{" "}
              {new Date(step.program.begun_at).toLocaleTimeString()}, and shows the code <strong>{code.toUpperCase()}</strong>.
            </p>
            <p className="muted">Only go on if you have just started it yourself: it can then do all that you can do.</p>
            <div className="decision">
              <button type="button" onClick={() => void decide(false)} disabled={isBusy}>Refuse</button>
              <button type="button" className="primary" onClick={() => void decide(true)} disabled={isBusy}>Let it in</button>
            </div>
          </div>
        )}
        {step.is === "done" && <p role="status">{step.sentence}</p>}
      </div>
    </main>
  );
}
