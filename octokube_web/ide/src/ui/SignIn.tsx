/** Asks who the person is: with a token, or as one of the demo's people. */
import { useEffect, useRef, useState, type FormEvent } from "react";
import { about, providerAddress, Refused, signIn, signInWithPassword, type About, type Person } from "../session";
import { MarkIcon } from "./icons";

interface Props {
  /** Why the person is asked again; absent at first. */
  readonly reason?: string | undefined;
  readonly onSignedIn: (person: Person) => void;
}

export function SignInForm({ reason, onSignedIn }: Props) {
  const [token, setToken] = useState("");
  const [name, setName] = useState("");
  const [password, setPassword] = useState("");
  const [known, setKnown] = useState<About>();
  const [refusal, setRefusal] = useState("");
  const [isBusy, setBusy] = useState(false);
  const field = useRef<HTMLInputElement>(null);

  useEffect(() => {
    about().then(setKnown, () => undefined); // without it the field for a token still works, and says what is wrong
  }, []);

  const enter = (as: string) => run(() => signIn(as));

  async function run(work: () => Promise<Person>) {
    setBusy(true);
    setRefusal("");
    try {
      onSignedIn(await work());
    } catch (error) {
      setRefusal(error instanceof Refused ? capital(error.message) : String(error));
      field.current?.focus();
    } finally {
      setBusy(false);
    }
  }

  function submitPassword(event: FormEvent) {
    event.preventDefault();
    void run(() => signInWithPassword(name, password));
  }

  function submit(event: FormEvent) {
    event.preventDefault();
    if (token.trim()) void enter(token.trim());
    else setRefusal("Paste your token first.");
  }

  const people = known?.demo_people ?? [];
  return (
    <div className="sign-in">
      {reason && <p className="sign-in-reason">{capital(reason)}</p>}
      {known?.provider && (
        <>
          {known.notice && <p className="refusal" role="alert">{capital(known.notice)}</p>}
          <a className="provider" href={providerAddress(location)}>Sign in with {known.provider}</a>
          <p className="or"><span>or</span></p>
        </>
      )}
      {people.length > 0 && (
        <section aria-labelledby="demo-people">
          <h2 id="demo-people">Look around as</h2>
          <ul className="people">
            {people.map((person) => (
              <li key={person.token}>
                <button type="button" className="person" disabled={isBusy} onClick={() => void enter(person.token)}>
                  <span className="avatar" aria-hidden="true">{person.name.charAt(0).toUpperCase()}</span>
                  <span>
                    <strong>{person.name}</strong>
                    <span className="muted">{person.description}</span>
                  </span>
                </button>
              </li>
            ))}
          </ul>
          <p className="or"><span>or</span></p>
        </section>
      )}
      {known?.has_passwords && (
        <>
          <form onSubmit={submitPassword}>
            <label htmlFor="name">Name</label>
            <div className="token-row">
              <input id="name" autoComplete="username" spellCheck={false} value={name} onChange={(event) => setName(event.target.value)} />
            </div>
            <label htmlFor="password">Password</label>
            <div className="token-row">
              <input id="password" type="password" autoComplete="current-password" value={password} onChange={(event) => setPassword(event.target.value)} />
              <button type="submit" disabled={isBusy || !name || !password}>Sign in</button>
            </div>
          </form>
          <p className="or"><span>or</span></p>
        </>
      )}
      <form onSubmit={submit}>
        <label htmlFor="token">Access token</label>
        <div className="token-row">
          <input
            ref={field}
            id="token"
            type="password"
            autoComplete="off"
            spellCheck={false}
            value={token}
            aria-invalid={refusal !== ""}
            aria-describedby={refusal ? "refusal" : undefined}
            onChange={(event) => setToken(event.target.value)}
          />
          <button type="submit" className="primary" disabled={isBusy}>{isBusy ? "Signing in…" : "Sign in"}</button>
        </div>
        <p id="refusal" className="refusal" role="alert">{refusal}</p>
      </form>
    </div>
  );
}

export function SignInPage({ onSignedIn, reason }: Props) {
  useEffect(() => {
    document.title = "Sign in · Octokube";
  }, []);
  return (
    <main className="sign-in-page">
      <div className="card">
        <header>
          <MarkIcon size={40} />
          <div>
            <h1>Octokube</h1>
            <p className="muted">Your clusters, live, as far as policy lets you see them.</p>
          </div>
        </header>
        <SignInForm onSignedIn={onSignedIn} reason={reason} />
      </div>
    </main>
  );
}

function capital(text: string): string {
  const first = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(first) ? first : `${first}.`;
}
