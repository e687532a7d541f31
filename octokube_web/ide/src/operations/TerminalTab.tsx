/** A shell in a container: keys go to it, and what it says comes back; it ends with a reason that is shown. */
import { FitAddon } from "@xterm/addon-fit";
import { Terminal } from "@xterm/xterm";
import "@xterm/xterm/css/xterm.css";
import { useEffect, useMemo, useReducer, useRef, useState } from "react";
import { useStore } from "../store";
import { clock } from "../ui/clock";
import { useSession } from "../ui/context";
import { countdown } from "../ui/format";
import { Nothing } from "../ui/Nothing";
import { settings } from "../ui/settings";
import { useAccess } from "./access";
import { run, type Ending } from "./operation";
import { containersOf, operationTarget, type Target } from "./target";
import { strictDocument, withoutStyleElements } from "./strict-document";

const SHELLS = ["sh", "bash", "ash", "zsh"] as const;
const encoder = new TextEncoder();

export default function TerminalTab({ target }: { target: Target }) {
  const verdict = useAccess(target, ["exec"])("exec");
  const containers = useMemo(() => containersOf(target.body).filter((one) => one.kind !== "init"), [target.body]);
  const [container, setContainer] = useState("");
  const [shell, setShell] = useState<string>("sh");
  const [turn, again] = useReducer((last: number) => last + 1, 0);
  if (verdict.is === "checking") return <Nothing kind="loading" title={verdict.sentence} />;
  if (verdict.is === "denied") return <Nothing kind="hidden" title="You may not open a shell here.">{verdict.sentence}</Nothing>;
  const chosen = container || containers[0]?.name || "";
  return (
    <div className="terminal-tab">
      <div className="log-tools">
        {containers.length > 1 && (
          <label className="picker"><span className="hush">Container</span>
            <select value={chosen} onChange={(event) => setContainer(event.target.value)}>
              {containers.map((one) => <option key={one.name} value={one.name}>{one.name}</option>)}
            </select>
          </label>
        )}
        <label className="picker"><span className="hush">Shell</span>
          <select value={shell} onChange={(event) => setShell(event.target.value)}>
            {SHELLS.map((name) => <option key={name}>{name}</option>)}
          </select>
        </label>
        <span className="muted">Ctrl+Shift+F6 leaves the terminal.</span>
      </div>
      <Screen key={`${target.uid}/${chosen}/${shell}/${turn}`} target={target} container={chosen} shell={shell} again={again} />
    </div>
  );
}

function Screen({ target, container, shell, again }: { target: Target; container: string; shell: string; again: () => void }) {
  const { feed } = useSession();
  const place = useRef<HTMLDivElement>(null);
  const [lease, setLease] = useState<{ until: number; reason: string; isRecorded: boolean } | undefined>();
  const [ending, setEnding] = useState<Ending | undefined>();

  useEffect(() => {
    const element = place.current;
    if (!element) return;
    const terminal = new Terminal({
      cursorBlink: !matchMedia("(prefers-reduced-motion: reduce)").matches,
      fontFamily: getComputedStyle(document.documentElement).getPropertyValue("--mono"),
      fontSize: 13,
      scrollback: 5000,
      screenReaderMode: settings.get().isSpoken,
      theme: colours(),
      documentOverride: strictDocument(element),
    });
    const fit = new FitAddon();
    terminal.loadAddon(fit);
    withoutStyleElements(element.ownerDocument, () => terminal.open(element));
    fit.fit();
    const operation = run(
      feed,
      { target: operationTarget(target), operation: { case: "exec", value: { container, command: [shell], tty: true, stdin: true } } },
      { bytes: ({ bytes }) => terminal.write(bytes), lease: setLease },
    );
    operation.resize(terminal.cols, terminal.rows);
    const typed = terminal.onData((text) => operation.type(encoder.encode(text)));
    const raw = terminal.onBinary((text) => operation.type(Uint8Array.from(text, (character) => character.charCodeAt(0))));
    const resized = terminal.onResize(({ cols, rows }) => operation.resize(cols, rows));
    terminal.attachCustomKeyEventHandler((event) => {
      if (event.key !== "F6" || !event.ctrlKey || !event.shiftKey) return true;
      if (event.type === "keydown") element.closest<HTMLElement>(".panel")?.focus();
      return false;
    });
    let isOver = false;
    void operation.ended.then((end) => {
      if (isOver) return;
      terminal.options.disableStdin = true;
      terminal.options.cursorBlink = false;
      setEnding(end);
    });
    const watching = new ResizeObserver(() => fit.fit());
    watching.observe(element);
    const unlisten = settings.subscribe(() => {
      terminal.options.theme = colours();
      terminal.options.screenReaderMode = settings.get().isSpoken;
    });
    terminal.focus();
    return () => {
      isOver = true;
      watching.disconnect();
      unlisten();
      for (const one of [typed, raw, resized]) one.dispose();
      operation.cancel();
      terminal.dispose();
    };
    // One shell for one container of one object, however its content changes meanwhile.
  }, [feed, target.cluster, target.namespace, target.name, target.uid, container, shell]);

  return (
    <>
      <div ref={place} className="terminal" role="group" aria-label={`Terminal in ${target.name}. Ctrl+Shift+F6 leaves it.`} />
      <p className="log-foot" role="status">
        {ending ? <span className={ending.isDone ? "muted" : "refusal"}>{endOf(ending)}</span> : <span className="muted">Connected</span>}
        <span className="spring" />
        {!ending && lease?.isRecorded && <span className="badge" title="What this terminal shows is recorded.">Recorded</span>}
        {!ending && lease && lease.until > 0 && <TimeLeft until={lease.until} reason={lease.reason} />}
        {ending && <button type="button" className="link" onClick={again}>Open another</button>}
      </p>
    </>
  );
}

function TimeLeft({ until, reason }: { until: number; reason: string }) {
  const { feed } = useSession();
  const catalog = useStore(feed.catalog);
  const now = useStore(clock);
  const left = until - (now + (catalog?.clockOffset ?? 0));
  return <span className="digits" title={reason}>{left > 0 ? `${countdown(left)} left` : "ends now"}</span>;
}

function endOf(ending: Ending): string {
  const code = ending.result?.exitCode;
  if (code !== undefined) return `The shell has ended with exit code ${code}.`;
  return ending.isDone ? "The shell has ended." : ending.message;
}

function colours() {
  const style = getComputedStyle(document.body);
  return { background: style.backgroundColor, foreground: style.color, cursor: style.color, cursorAccent: style.backgroundColor };
}
