/** Plays a recorded terminal session as it was: with pauses, at another speed, from any point. */
import { Terminal } from "@xterm/xterm";
import "@xterm/xterm/css/xterm.css";
import { useEffect, useId, useMemo, useRef, useState } from "react";
import { strictDocument, withoutStyleElements } from "../operations/strict-document";
import { Nothing } from "../ui/Nothing";
import { countdown } from "../ui/format";
import { readRecording, withoutPauses, type Recording } from "./recording";

const SPEEDS = [0.5, 1, 2, 5] as const;
const TICK_MS = 50;

interface Props {
  readonly id: string;
  readonly title: string;
  readonly onClose: () => void;
}

export default function ReplayDialog({ id, title, onClose }: Props) {
  const dialog = useRef<HTMLDialogElement>(null);
  const heading = useId();
  const [found, setFound] = useState<Recording | string | undefined>();
  useEffect(() => dialog.current?.showModal(), []);
  useEffect(() => {
    const leaving = new AbortController();
    load(id, leaving.signal).then(setFound, (error: unknown) => {
      if (!leaving.signal.aborted) setFound(error instanceof Error ? error.message : String(error));
    });
    return () => leaving.abort();
  }, [id]);
  return (
    <dialog ref={dialog} className="dialog wide replay" aria-labelledby={heading} onClose={onClose} onKeyDown={(event) => event.stopPropagation()}>
      <header>
        <h1 id={heading}>{title}</h1>
        <button type="button" autoFocus onClick={() => dialog.current?.close()}>Close</button>
      </header>
      {found === undefined && <Nothing kind="loading" title="Fetching the recording…" />}
      {typeof found === "string" && <Nothing kind="failed" title="The recording can't be played.">{found}</Nothing>}
      {typeof found === "object" && <Player recording={found} />}
    </dialog>
  );
}

async function load(id: string, signal: AbortSignal): Promise<Recording> {
  const response = await fetch(`/api/v1/recordings/${encodeURIComponent(id)}`, { signal });
  if (!response.ok) {
    const document = (await response.json().catch(() => undefined)) as { error?: { message?: string } } | undefined;
    throw new Error(document?.error?.message ?? `The gateway answered ${response.status}.`);
  }
  return readRecording(await response.text());
}

function Player({ recording }: { recording: Recording }) {
  const place = useRef<HTMLDivElement>(null);
  const screen = useRef<{ terminal: Terminal; next: number } | undefined>(undefined);
  const [isShort, setShort] = useState(true);
  const [isPlaying, setPlaying] = useState(true);
  const [speed, setSpeed] = useState(1);
  const [at, setAt] = useState(0);
  const played = useMemo(() => (isShort ? withoutPauses(recording) : recording), [recording, isShort]);

  useEffect(() => {
    const element = place.current;
    if (!element) return;
    const terminal = new Terminal({
      cols: recording.columns,
      rows: recording.rows,
      disableStdin: true,
      fontFamily: getComputedStyle(document.documentElement).getPropertyValue("--mono"),
      fontSize: 12,
      documentOverride: strictDocument(element),
    });
    withoutStyleElements(element.ownerDocument, () => terminal.open(element));
    screen.current = { terminal, next: 0 };
    return () => {
      screen.current = undefined;
      terminal.dispose();
    };
  }, [recording]);

  useEffect(() => {
    const shown = screen.current;
    if (!shown) return;
    const reached = played.events[shown.next - 1]?.at ?? 0;
    // Back in time: from the beginning again, which takes but a moment.
    if (reached > at) {
      shown.terminal.reset();
      shown.terminal.resize(recording.columns, recording.rows);
      shown.next = 0;
    }
    for (let event = played.events[shown.next]; event && event.at <= at; event = played.events[++shown.next]) {
      if (event.is === "output") shown.terminal.write(event.text);
      else resize(shown.terminal, event.text);
    }
  }, [played, at, recording]);

  const isOver = at >= played.seconds;
  useEffect(() => {
    if (!isPlaying || isOver) return;
    const timer = setInterval(() => setAt((last) => Math.min(played.seconds, last + (TICK_MS / 1000) * speed)), TICK_MS);
    return () => clearInterval(timer);
  }, [isPlaying, isOver, speed, played]);

  return (
    <>
      <div ref={place} className="replay-screen" role="group" aria-label="Recorded screen" tabIndex={0} />
      <div className="log-tools" role="toolbar" aria-label="Player">
        <button type="button" onClick={() => (isOver ? (setAt(0), setPlaying(true)) : setPlaying(!isPlaying))}>{isOver ? "Again" : isPlaying ? "Pause" : "Play"}</button>
        <input type="range" aria-label="Position" min={0} max={Math.max(played.seconds, 0.1)} step={0.1} value={at} onChange={(event) => setAt(event.target.valueAsNumber)} />
        <span className="digits muted">{countdown(at * 1000)} of {countdown(played.seconds * 1000)}</span>
        <label className="picker"><span className="hush">Speed</span>
          <select value={speed} onChange={(event) => setSpeed(Number(event.target.value))}>
            {SPEEDS.map((one) => <option key={one} value={one}>{one}×</option>)}
          </select>
        </label>
        <label className="check"><input type="checkbox" checked={isShort} onChange={(event) => (setShort(event.target.checked), setAt(0))} /> Short pauses</label>
      </div>
    </>
  );
}

function resize(terminal: Terminal, text: string): void {
  const [, columns, rows] = /^(\d{1,4})x(\d{1,4})$/.exec(text) ?? [];
  if (columns && rows && Number(columns) > 0 && Number(rows) > 0) terminal.resize(Number(columns), Number(rows));
}
