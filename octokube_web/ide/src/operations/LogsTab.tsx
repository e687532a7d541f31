/** The log of a pod, or of all pods of a workload: merged, filtered, followed; held still while somebody reads. */
import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useMemo, useReducer, useRef, useState } from "react";
import { count } from "../ui/format";
import { useSession } from "../ui/context";
import { SettingsIcon } from "../ui/icons";
import { Nothing } from "../ui/Nothing";
import { Popover } from "../ui/Popover";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { useAccess } from "./access";
import { gather, keep, sizeText } from "./gather";
import { expanded, isAtLeast, levelOf, marked, type Level } from "./levels";
import { Lines, wanted, type Line } from "./lines";
import { run, type Ending } from "./operation";
import { containersOf, operationTarget, type Target } from "./target";

const ROW = 18;
const TAILS = [100, 500, 5000, 0] as const;
const COLOURS = 6;
const SAVED_AT_MOST = 256 * 1024 ** 2;
type Times = "none" | "local" | "utc";
const SINCE: readonly (readonly [number, string])[] = [[0, "Any time"], [5, "Last 5 min"], [15, "Last 15 min"], [60, "Last hour"], [360, "Last 6 h"], [1440, "Last day"]];
const LEVELS: readonly (readonly [Level | "", string])[] = [["", "All levels"], ["info", "Info and worse"], ["warning", "Warnings and worse"], ["error", "Errors"]];


export function LogsTab({ target }: { target: Target }) {
  // The pods of a workload are decided one by one, when it is known which they are.
  const isOfPod = target.type === "pods";
  const verdict = useAccess(target, isOfPod ? ["logs"] : [])("logs");
  if (!isOfPod) return <Log target={target} />;
  if (verdict.is === "checking") return <Nothing kind="loading" title={verdict.sentence} />;
  if (verdict.is === "denied") return <Nothing kind="hidden" title="You may not read this log.">{verdict.sentence}</Nothing>;
  return <Log target={target} />;
}

function Log({ target }: { target: Target }) {
  const { feed } = useSession();
  const [container, setContainer] = useState("");
  const [isPrevious, setPrevious] = useState(false);
  const [tail, setTail] = useState<number>(500);
  const [times, setTimes] = useState<Times>("none");
  const [since, setSince] = useState(0);
  const [until, setUntil] = useState("");
  const [level, setLevel] = useState<Level | "">("");
  const [saving, setSaving] = useState("");
  const [isWrapped, setWrapped] = useState(false);
  const [filter, setFilter] = useState("");
  const [turn, again] = useReducer((last: number) => last + 1, 0);
  const lines = useRef(new Lines());
  const [shownTo, setShownTo] = useState(0);
  const [ending, setEnding] = useState<Ending | undefined>();
  const [notice, setNotice] = useState("");
  const containers = useMemo(() => containersOf(target.body), [target.body]);
  const isOfPod = target.type === "pods";

  useEffect(() => {
    const held = lines.current;
    held.clear();
    setShownTo(0);
    setEnding(undefined);
    setNotice("");
    let frame = 0;
    let isOver = false;
    // Lines may come by the ten thousand a second: the page draws once a frame.
    const draw = () => {
      frame ||= requestAnimationFrame(() => {
        frame = 0;
        setShownTo((held.all.at(-1)?.number ?? -1) + 1);
      });
    };
    const operation = run(
      feed,
      {
        target: operationTarget(target, "name"),
        operation: {
          case: "logs",
          value: {
            container: container || undefined,
            allContainers: container === "" && (!isOfPod || containers.length > 1),
            follow: !isPrevious,
            previous: isPrevious,
            // Always: whether they are shown is the reader's choice, and no reason to read anew.
            timestamps: true,
            ...(since > 0 ? { since: timestampFromMs(Math.round(Date.now() + (feed.catalog.get()?.clockOffset ?? 0)) - since * 60_000) } : {}),
            ...(tail > 0 ? { tailLines: BigInt(tail) } : {}),
          },
        },
      },
      {
        bytes: ({ bytes, from }) => {
          held.add(from?.pod ?? target.name, from?.container ?? "", bytes);
          draw();
        },
        progress: (sentence) => {
          setNotice(sentence);
          held.tell(sentence);
          draw();
        },
      },
    );
    void operation.ended.then((end) => {
      if (isOver) return;
      held.finish();
      draw();
      setEnding(end);
    });
    return () => {
      isOver = true;
      cancelAnimationFrame(frame);
      operation.cancel();
      held.clear();
    };
    // The object's content changes all the time; only what it is called decides which log is read.
  }, [feed, target.cluster, target.type, target.namespace, target.name, container, isPrevious, tail, since, turn, isOfPod, containers.length]);

  const matches = useMemo(() => wanted(filter), [filter]);
  const all = lines.current.all;
  const last = until ? new Date(until).getTime() : 0;
  const shown = useMemo(() => {
    if (!filter && !level && !last) return all;
    return all.filter((line) => matches(line) && (line.isTold || ((!level || isAtLeast(line.text, level)) && (!last || line.at === 0 || line.at <= last))));
  }, [all, shownTo, filter, matches, level, last]);
  const hasSources = !isOfPod || (container === "" && containers.length > 1);

  function download() {
    const lead = (line: Line) => [line.at ? new Date(line.at).toISOString() : "", hasSources ? `${line.pod}/${line.container}` : ""].filter(Boolean);
    keep(`${target.name}.log`, "text/plain", [shown.filter((line) => !line.isTold).map((line) => [...lead(line), line.text].join(" ")).join("\n"), "\n"]);
  }
  /** Not what the page happens to hold, but all that the cluster has. */
  async function downloadAll() {
    setSaving("Asking…");
    const value = { container: container || undefined, allContainers: container === "" && (!isOfPod || containers.length > 1), previous: isPrevious, timestamps: true };
    const gathering = gather(feed, { target: operationTarget(target, "name"), operation: { case: "logs", value } }, SAVED_AT_MOST, (bytes) => setSaving(sizeText(bytes)));
    const { ending, parts, isCut } = await gathering.ended;
    if (parts.length > 0) keep(`${target.name}-whole.log`, "text/plain", parts as readonly BlobPart[]);
    setSaving("");
    if (isCut) setNotice(`Only the first ${sizeText(SAVED_AT_MOST)} were saved: a page holds no more.`);
    else if (!ending.isDone) setNotice(ending.message);
  }

  return (
    <div className="log-tab">
      <div className="log-tools">
        {containers.length > 1 && (
          <label className="picker"><span className="hush">Container</span>
            <select value={container} onChange={(event) => setContainer(event.target.value)}>
              <option value="">All containers</option>
              {containers.map((one) => <option key={one.name} value={one.name}>{one.name}{one.kind === "container" ? "" : ` (${one.kind})`}</option>)}
            </select>
          </label>
        )}
        <label className="picker"><span className="hush">How much</span>
          <select value={tail} onChange={(event) => setTail(Number(event.target.value))}>
            {TAILS.map((lines) => <option key={lines} value={lines}>{lines > 0 ? `Last ${count(lines)}` : "Everything"}</option>)}
          </select>
        </label>
        <input type="search" className="log-filter" aria-label="Filter lines" placeholder="Filter, /regex/, !not" value={filter} onChange={(event) => setFilter(event.target.value)} />
        <Toggle label="Previous" title="The instance before the last restart" isOn={isPrevious} set={setPrevious} />
        <label className="picker"><span className="hush">How grave</span>
          <select value={level} onChange={(event) => setLevel(event.target.value as Level | "")}>
            {LEVELS.map(([id, title]) => <option key={id} value={id}>{title}</option>)}
          </select>
        </label>
        <Toggle label="Wrap" title="Break long lines" isOn={isWrapped} set={setWrapped} />
        <button type="button" className="quiet" onClick={download} disabled={shown.length === 0} title="What is shown here">Download</button>
        <Popover label="Time, and all of it" icon={<SettingsIcon />}>
          {() => (
            <div className="view-form">
              <label><span className="muted">Since</span>
                <select value={since} onChange={(event) => setSince(Number(event.target.value))}>
                  {SINCE.map(([minutes, title]) => <option key={minutes} value={minutes}>{title}</option>)}
                </select>
              </label>
              <label title="Nothing that was written later is shown"><span className="muted">Until</span>
                <input type="datetime-local" step={1} value={until} onChange={(event) => setUntil(event.target.value)} />
              </label>
              <label><span className="muted">Times</span>
                <select value={times} onChange={(event) => setTimes(event.target.value as Times)}>
                  <option value="none">No times</option>
                  <option value="local">Local times</option>
                  <option value="utc">UTC</option>
                </select>
              </label>
              <button type="button" onClick={() => void downloadAll()} disabled={saving !== ""} title="All that the cluster has of it">{saving || "Save all"}</button>
            </div>
          )}
        </Popover>
      </div>
      <LineList key={`${times} ${turn}`} times={times} filter={filter} lines={shown} hasSources={hasSources} isWrapped={isWrapped} dropped={lines.current.dropped} label={`Log of ${target.name}`} />
      <p className="log-foot" role="status">
        <span className={ending && !ending.isDone ? "refusal" : "muted"}>{footOf(ending, isPrevious, notice)}</span>
        <span className="spring" />
        <span className="muted digits">{filter ? `${count(shown.length)} of ${count(all.length)}` : count(all.length)} lines</span>
        {ending && <button type="button" className="link" onClick={again}>Read again</button>}
      </p>
    </div>
  );
}

function footOf(ending: Ending | undefined, isPrevious: boolean, notice: string): string {
  if (!ending) return notice || (isPrevious ? "Reading…" : "Following");
  if (ending.isDone) return "The log has ended.";
  return ending.message || "The log could not be read.";
}

const LOCAL = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit", fractionalSecondDigits: 3, hour12: false });

function timeText(at: number, times: Times): string {
  return times === "utc" ? new Date(at).toISOString().slice(11) : LOCAL.format(at);
}

/** Cheap, since each line in sight is asked: what is none in the end is shown as it is. */
const isJson = (text: string) => text.endsWith("}") && text.includes("{");

function toggledIn(held: ReadonlySet<number>, one: number): ReadonlySet<number> {
  const next = new Set(held);
  if (!next.delete(one)) next.add(one);
  return next;
}

function Toggle({ label, title, isOn, set }: { label: string; title: string; isOn: boolean; set: (isOn: boolean) => void }) {
  return <button type="button" className="quiet" aria-pressed={isOn} title={title} onClick={() => set(!isOn)}>{label}</button>;
}

function LineList(props: { times: Times; filter: string; lines: readonly Line[]; hasSources: boolean; isWrapped: boolean; dropped: number; label: string }) {
  const { lines, hasSources, times, filter } = props;
  const [open, setOpen] = useState<ReadonlySet<number>>(new Set());
  const isMeasured = props.isWrapped || open.size > 0;
  const scroller = useRef<HTMLDivElement>(null);
  const [isFollowing, setFollowing] = useState(true);
  const seen = useRef(0);
  const last = lines.at(-1)?.number ?? -1;
  const list = useVirtualizer({
    count: lines.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW,
    overscan: 30,
    getItemKey: (index) => lines[index]?.number ?? index,
  });
  useEffect(() => {
    if (!isFollowing || lines.length === 0) return;
    seen.current = last;
    list.scrollToIndex(lines.length - 1, { align: "end" });
  }, [isFollowing, last, lines.length, list]);
  const missed = isFollowing ? 0 : lines.filter((line) => line.number > seen.current).length;

  function scrolled() {
    const element = scroller.current;
    if (!element) return;
    const isAtEnd = element.scrollHeight - element.scrollTop - element.clientHeight < ROW * 2;
    if (isAtEnd !== isFollowing) setFollowing(isAtEnd);
  }

  return (
    <div className="log-place">
      <div ref={scroller} className={props.isWrapped ? "log wrapped" : "log"} role="log" aria-live="off" aria-label={props.label} tabIndex={0} onScroll={scrolled}>
        {props.dropped > 0 && <p className="log-dropped">{count(props.dropped)} older lines dropped</p>}
        <div className="log-lines" style={{ height: list.getTotalSize() }}>
          {list.getVirtualItems().map((item) => {
            const line = lines[item.index];
            if (!line) return null;
            if (line.isTold) {
              return <div key={item.key} ref={isMeasured ? list.measureElement : undefined} data-index={item.index} className="log-line told" style={{ transform: `translateY(${item.start}px)` }}>{line.text}</div>;
            }
            const grave = levelOf(line.text);
            const inner = open.has(line.number) ? expanded(line.text) : undefined;
            return (
              <div key={item.key} ref={isMeasured ? list.measureElement : undefined} data-index={item.index} className={`log-line${grave === "error" || grave === "warning" ? ` ${grave}` : ""}`} style={{ transform: `translateY(${item.start}px)` }}>
                {hasSources && <span className={`log-source c${colourOf(`${line.pod}/${line.container}`)}`} title={`${line.pod}/${line.container}`}>{line.pod.slice(-16)}/{line.container}</span>}
                {times !== "none" && line.at > 0 && <time className="log-time" dateTime={new Date(line.at).toISOString()}>{timeText(line.at, times)}</time>}
                {grave && grave !== "info" && <span className="log-level">{grave}</span>}
                {isJson(line.text) && (
                  <button type="button" className="log-unfold" aria-expanded={inner !== undefined} aria-label={inner === undefined ? "Unfold" : "Fold"} onClick={() => setOpen(toggledIn(open, line.number))}>{inner === undefined ? "▸" : "▾"}</button>
                )}
                <span className="log-text">{inner ?? marked(line.text, filter).map((part, index) => (part.isFound ? <mark key={index}>{part.text}</mark> : part.text))}</span>
              </div>
            );
          })}
        </div>
      </div>
      {!isFollowing && (
        <button type="button" className="log-jump primary" onClick={() => setFollowing(true)}>
          Jump to the end{missed > 0 ? ` (${count(missed)} new)` : ""}
        </button>
      )}
    </div>
  );
}

function colourOf(source: string): number {
  let hash = 0;
  for (const character of source) hash = (hash * 31 + character.charCodeAt(0)) | 0;
  return Math.abs(hash) % COLOURS;
}
