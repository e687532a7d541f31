/** The log of a pod, or of all pods of a workload: merged, filtered, followed; held still while somebody reads. */
import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useMemo, useReducer, useRef, useState } from "react";
import { count } from "../ui/format";
import { useSession } from "../ui/context";
import { Nothing } from "../ui/Nothing";
import { useAccess } from "./access";
import { Lines, wanted, type Line } from "./lines";
import { run, type Ending } from "./operation";
import { containersOf, operationTarget, type Target } from "./target";

const ROW = 18;
const TAILS = [100, 500, 5000, 0] as const;
const COLOURS = 6;

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
  const [hasTimes, setTimes] = useState(false);
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
            timestamps: hasTimes,
            ...(tail > 0 ? { tailLines: BigInt(tail) } : {}),
          },
        },
      },
      {
        bytes: ({ bytes, from }) => {
          held.add(from?.pod ?? target.name, from?.container ?? "", bytes);
          draw();
        },
        progress: (sentence) => setNotice(sentence),
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
  }, [feed, target.cluster, target.type, target.namespace, target.name, container, isPrevious, tail, hasTimes, turn, isOfPod, containers.length]);

  const matches = useMemo(() => wanted(filter), [filter]);
  const all = lines.current.all;
  const shown = useMemo(() => (filter ? all.filter(matches) : all), [all, shownTo, filter, matches]);
  const hasSources = !isOfPod || (container === "" && containers.length > 1);

  function download() {
    const text = shown.map((line) => (hasSources ? `${line.pod}/${line.container} ` : "") + line.text).join("\n");
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([text, "\n"], { type: "text/plain" }));
    link.download = `${target.name}.log`;
    link.click();
    URL.revokeObjectURL(link.href);
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
        <Toggle label="Times" title="When each line was written" isOn={hasTimes} set={setTimes} />
        <Toggle label="Wrap" title="Break long lines" isOn={isWrapped} set={setWrapped} />
        <button type="button" className="quiet" onClick={download} disabled={shown.length === 0}>Download</button>
      </div>
      <LineList lines={shown} hasSources={hasSources} isWrapped={isWrapped} dropped={lines.current.dropped} label={`Log of ${target.name}`} />
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

function Toggle({ label, title, isOn, set }: { label: string; title: string; isOn: boolean; set: (isOn: boolean) => void }) {
  return <button type="button" className="quiet" aria-pressed={isOn} title={title} onClick={() => set(!isOn)}>{label}</button>;
}

function LineList(props: { lines: readonly Line[]; hasSources: boolean; isWrapped: boolean; dropped: number; label: string }) {
  const { lines, hasSources, isWrapped } = props;
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
      <div ref={scroller} className={isWrapped ? "log wrapped" : "log"} role="log" aria-live="off" aria-label={props.label} tabIndex={0} onScroll={scrolled}>
        {props.dropped > 0 && <p className="log-dropped">{count(props.dropped)} older lines dropped</p>}
        <div className="log-lines" style={{ height: list.getTotalSize() }}>
          {list.getVirtualItems().map((item) => {
            const line = lines[item.index];
            if (!line) return null;
            return (
              <div key={item.key} ref={isWrapped ? list.measureElement : undefined} data-index={item.index} className="log-line" style={{ transform: `translateY(${item.start}px)` }}>
                {hasSources && <span className={`log-source c${colourOf(`${line.pod}/${line.container}`)}`} title={`${line.pod}/${line.container}`}>{line.pod.slice(-16)}/{line.container}</span>}
                <span className="log-text">{line.text}</span>
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
