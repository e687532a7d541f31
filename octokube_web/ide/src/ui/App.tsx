/** Decides between signing in and working, and keeps the workbench's layout when a session ends under it. */
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import type { FeedClient } from "../feed/client";
import { signOut, whoIsThere, type Person } from "../session";
import { useStore } from "../store";
import { attendViews } from "../workbench/saved";
import { attend } from "../workbench/tabs";
import { SessionContext, type Session } from "./context";
import { DevicePage } from "./DevicePage";
import { SignInForm, SignInPage } from "./SignIn";
import { Workbench } from "./Workbench";

type Access =
  | { readonly is: "checking" }
  | { readonly is: "unreachable"; readonly reason: string }
  | { readonly is: "out" }
  | { readonly is: "in"; readonly person: Person }
  | { readonly is: "expired"; readonly person: Person; readonly reason: string };

/** The address that `octokube login` shows. */
const isForProgram = location.pathname === "/device";

export function App({ feed }: { feed: FeedClient }) {
  const [access, setAccess] = useState<Access>({ is: "checking" });
  const [epoch, setEpoch] = useState(0);
  const link = useStore(feed.link);

  const enter = useCallback(
    (person: Person, isNew: boolean) => {
      setEpoch((last) => last + 1);
      setAccess({ is: "in", person });
      if (isForProgram) return;
      attend(person.subject);
      attendViews(person.subject);
      feed.start(person.subject, isNew);
    },
    [feed],
  );

  const check = useCallback(() => {
    setAccess({ is: "checking" });
    whoIsThere().then(
      (person) => (person ? enter(person, false) : setAccess({ is: "out" })),
      (error: unknown) => setAccess({ is: "unreachable", reason: error instanceof Error ? error.message : String(error) }),
    );
  }, [enter]);

  const isChecked = useRef(false);
  useEffect(() => {
    if (!isChecked.current) check();
    isChecked.current = true;
  }, [check]);

  useEffect(() => {
    if (link.is !== "signed-out") return;
    // What was shown was shown to somebody who may no longer see it.
    feed.forget();
    setAccess((now) => (now.is === "in" ? { is: "expired", person: now.person, reason: link.reason } : now));
  }, [feed, link]);

  const hello = useStore(feed.hello);
  const renewed = access.is === "expired" && hello?.subject === access.person.subject ? access.person : undefined;
  useEffect(() => {
    // The same person has signed in again in another tab.
    if (renewed) enter(renewed, false);
  }, [renewed, enter]);

  const enterAnew = useCallback((person: Person) => enter(person, true), [enter]);

  const leave = useCallback(() => {
    feed.stop();
    setAccess({ is: "out" });
    // When the gateway can't be told, the cookie ends with its own clock; the page has forgotten everything either way.
    signOut().then(
      (there) => there && location.assign(there.sign_out_url), // the provider's own sign-out
      () => undefined,
    );
  }, [feed]);

  const person = access.is === "in" || access.is === "expired" ? access.person : undefined;
  const isIn = access.is === "in";
  const session = useMemo<Session | undefined>(
    () => person && { feed, epoch: isIn ? epoch : 0, subject: person.subject, memberships: person.memberships, signOut: leave },
    [feed, epoch, isIn, person, leave],
  );

  switch (access.is) {
    case "checking":
      return <main className="blank" aria-busy="true" aria-label="Checking who is signed in" />;
    case "unreachable":
      return (
        <main className="blank">
          <div className="message" role="alert">
            <h1>Octokube can't be reached</h1>
            <p>{access.reason}</p>
            <button type="button" className="primary" onClick={check}>Try again</button>
          </div>
        </main>
      );
    case "out":
      return <SignInPage onSignedIn={enterAnew} />;
  }
  if (isForProgram && person) return <DevicePage person={person} />;
  return (
    <SessionContext value={session}>
      <Workbench />
      {access.is === "expired" && <SignInAgain reason={access.reason} onSignedIn={enterAnew} onLeave={leave} />}
    </SessionContext>
  );
}

function SignInAgain(props: { reason: string; onSignedIn: (person: Person) => void; onLeave: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog ref={dialog} className="dialog" aria-labelledby="again" onCancel={(event) => event.preventDefault()}>
      <header>
        <h1 id="again">Sign in again</h1>
        <button type="button" className="quiet" onClick={props.onLeave}>Leave</button>
      </header>
      <SignInForm reason={props.reason} onSignedIn={props.onSignedIn} />
    </dialog>
  );
}
