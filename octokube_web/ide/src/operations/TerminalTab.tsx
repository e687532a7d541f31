/** A shell in a container: keys go to it, and what it says comes back; it ends with a reason that is shown. */
import { FitAddon } from "@xterm/addon-fit";
import { SearchAddon } from "@xterm/addon-search";
import { Terminal } from "@xterm/xterm";
import "@xterm/xterm/css/xterm.css";
import { useEffect, useMemo, useReducer, useRef, useState } from "react";
import { Store, useStore } from "../store";
import { clock } from "../ui/clock";
import { useSession } from "../ui/context";
import { countdown } from "../ui/format";
import { Nothing } from "../ui/Nothing";
import { settings } from "../ui/settings";
import { useAccess } from "./access";
import { run, type Ending, type Start } from "./operation";
import { containersOf, operationTarget, type Target } from "./target";
import { strictDocument, withoutStyleElements } from "./strict-document";

const SHELLS = ["sh", "bash", "ash", "zsh"] as const;
/** Of all terminals of this tab. */
const fontSize = new Store(13);
const SIZES = [9, 24] as const;
const encoder = new TextEncoder();

/** What a terminal is connected to: a shell of its own, the container's main process, or a container that is added. */
type Way = "exec" | "attach" | "debug";
const WAYS: readonly (readonly [Way, string])[] = [["exec", "Shell"], ["attach", "Main process"], ["debug", "Debug container"]];
const REFUSED: Record<Way, string> = {
  exec: "You may not open a shell here.", attach: "You may not attach to this.", debug: "You may not add a container to this.",
};

export default function TerminalTab({ target }: { target: Target }) {
  const verdicts = useAccess(target, WAYS.map(([way]) => way));
  const containers = useMemo(() => containersOf(target.body).filter((one) => one.kind !== "init"), [target.body]);
  const [way, setWay] = useState<Way>("exec");
  const [container, setContainer] = useState("");
  const [shell, setShell] = useState<string>("sh");
  const [image, setImage] = useState("");
  const [typed, setTyped] = useState("busybox");
  const [turn, again] = useReducer((last: number) => last + 1, 0);
  const verdict = verdicts(way);
  const chosen = container || containers[0]?.name || "";
  const operation = useMemo<Start["operation"]>(() => {
    if (way === "attach") return { case: "attach", value: { container: chosen, tty: hasTerminal(target.body, chosen), stdin: true } };
    if (way === "debug") return { case: "debug", value: { image, targetContainer: chosen, tty: true, stdin: true } };
    return { case: "exec", value: { container: chosen, command: [shell], tty: true, stdin: true } };
    // Whether the process has a terminal does not change while it runs.
  }, [way, chosen, shell, image]);
  return (
    <div className="terminal-tab">
      <div className="log-tools">
        <label className="picker"><span className="hush">Connect to</span>
          <select value={way} onChange={(event) => (setWay(event.target.value as Way), setImage(""))}>
            {WAYS.map(([id, title]) => <option key={id} value={id}>{title}</option>)}
          </select>
        </label>
        {containers.length > 1 && (
          <label className="picker"><span className="hush">Container</span>
            <select value={chosen} onChange={(event) => setContainer(event.target.value)}>
              {containers.map((one) => <option key={one.name} value={one.name}>{one.name}</option>)}
            </select>
          </label>
        )}
        {way === "exec" && <label className="picker"><span className="hush">Shell</span>
          <select value={shell} onChange={(event) => setShell(event.target.value)}>
            {SHELLS.map((name) => <option key={name}>{name}</option>)}
          </select>
        </label>}
        <span className="muted">Ctrl+Shift+F6 leaves the terminal.</span>
      </div>
      {verdict.is === "checking" && <Nothing kind="loading" title={verdict.sentence} />}
      {verdict.is === "denied" && <Nothing kind="hidden" title={REFUSED[way]}>{verdict.sentence}</Nothing>}
      {verdict.is === "allowed" && way === "debug" && image === "" && (
        <form className="page-form debug-form" onSubmit={(event) => (event.preventDefault(), setImage(typed.trim()))}>
          <label>Image<input value={typed} required spellCheck={false} onChange={(event) => setTyped(event.target.value)} /></label>
          <button type="submit" className="primary">Add it and connect</button>
          <p className="muted">A container of this image is added to the pod, and sees the processes of {chosen || "none of its containers"}. It stays until the pod is deleted.</p>
        </form>
      )}
      {verdict.is === "allowed" && (way !== "debug" || image !== "") && (
        <Screen key={`${target.uid}/${way}/${chosen}/${shell}/${image}/${turn}`} target={target} operation={operation} again={way === "debug" ? () => setImage("") : again} />
      )}
    </div>
  );
}

/** Whether a container's process was given a terminal: without one it takes lines, and resizing means nothing. */
function hasTerminal(body: string, container: string): boolean {
  const { spec } = JSON.parse(body || "{}") as { spec?: { containers?: readonly { name?: string; tty?: boolean }[] } };
  return spec?.containers?.find(({ name }) => name === container)?.tty === true;
}

function Screen({ target, operation: started, again }: { target: Target; operation: Start["operation"]; again: () => void }) {
  const { feed } = useSession();
  const place = useRef<HTMLDivElement>(null);
  const searching = useRef<{ terminal: Terminal; search: SearchAddon } | undefined>(undefined);
  const [sought, setSought] = useState("");
  const size = useStore(fontSize);
  const find = (isBack: boolean) => (isBack ? searching.current?.search.findPrevious(sought) : searching.current?.search.findNext(sought));
  const [lease, setLease] = useState<{ until: number; reason: string; isRecorded: boolean } | undefined>();
  const [ending, setEnding] = useState<Ending | undefined>();

  useEffect(() => {
    const element = place.current;
    if (!element) return;
    const terminal = new Terminal({
      cursorBlink: !matchMedia("(prefers-reduced-motion: reduce)").matches,
      fontFamily: getComputedStyle(document.documentElement).getPropertyValue("--mono"),
      fontSize: fontSize.get(),
      // A process without a terminal ends its lines as files do.
      convertEol: started?.case === "attach" && !started.value.tty,
      scrollback: 5000,
      screenReaderMode: settings.get().isSpoken,
      theme: colours(),
      documentOverride: strictDocument(element),
    });
    const fit = new FitAddon();
    terminal.loadAddon(fit);
    const search = new SearchAddon();
    terminal.loadAddon(search);
    withoutStyleElements(element.ownerDocument, () => terminal.open(element));
    fit.fit();
    const operation = run(
      feed,
      { target: operationTarget(target), operation: started },
      { bytes: ({ bytes }) => terminal.write(bytes), lease: setLease, progress: (sentence) => terminal.writeln(`\x1b[2m${sentence}\x1b[0m`) },
    );
    operation.resize(terminal.cols, terminal.rows);
    searching.current = { terminal, search };
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
    const resize = fontSize.subscribe(() => {
      terminal.options.fontSize = fontSize.get();
      fit.fit();
    });
    const unlisten = settings.subscribe(() => {
      terminal.options.theme = colours();
      terminal.options.screenReaderMode = settings.get().isSpoken;
    });
    terminal.focus();
    return () => {
      isOver = true;
      watching.disconnect();
      unlisten();
      resize();
      searching.current = undefined;
      for (const one of [typed, raw, resized]) one.dispose();
      operation.cancel();
      terminal.dispose();
    };
    // One shell for one container of one object, however its content changes meanwhile.
  }, [feed, target.cluster, target.namespace, target.name, target.uid, started]);

  return (
    <>
      <div ref={place} className="terminal" role="group" aria-label={`Terminal in ${target.name}. Ctrl+Shift+F6 leaves it.`} />
      <p className="log-foot" role="status">
        {ending ? <span className={ending.isDone ? "muted" : "refusal"}>{endOf(ending)}</span> : <span className="muted">Connected</span>}
        <input
          type="search"
          className="terminal-search"
          aria-label="Search what it showed"
          placeholder="Search"
          value={sought}
          onChange={(event) => setSought(event.target.value)}
          onKeyDown={(event) => event.key === "Enter" && (event.preventDefault(), find(event.shiftKey))}
        />
        <button type="button" className="quiet square" aria-label="A−, smaller letters" disabled={size <= SIZES[0]} onClick={() => fontSize.set(size - 1)}>A−</button>
        <button type="button" className="quiet square" aria-label="A+, larger letters" disabled={size >= SIZES[1]} onClick={() => fontSize.set(size + 1)}>A+</button>
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
