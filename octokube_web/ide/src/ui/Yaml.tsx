/** Shows an object as YAML, line by line, with what is redacted marked as such. */
import { useEffect, useMemo, useRef, useState } from "react";
import { changedLines, linesOf, yamlOf } from "../yaml/lines";
import { LockIcon } from "./icons";

/** Lines come in blocks that the browser skips while they are out of sight. */
const BLOCK = 100;
const TINT_MS = 1200;

export function Yaml({ body, label }: { body: string; label: string }) {
  const text = useMemo(() => yamlOf(body), [body]);
  const lines = useMemo(() => linesOf(text), [text]);
  const changed = useChanged(text);
  const blocks = [];
  for (let start = 0; start < lines.length; start += BLOCK) blocks.push(start);
  return (
    <div className="yaml" role="group" aria-label={label} tabIndex={0} data-first>
      {blocks.map((start) => (
        <div key={start} className="yaml-block">
          {lines.slice(start, start + BLOCK).map((parts, offset) => (
            <div key={start + offset} className={changed.has(start + offset) ? "line fresh" : "line"} data-number={start + offset + 1}>
              <code>
                {parts.map((part, index) =>
                  part.kind === "redacted" ? (
                    <span key={index} className="redacted" title="Redacted before it left the cluster"><LockIcon size={11} />redacted</span>
                  ) : (
                    <span key={index} className={part.kind}>{part.text}</span>
                  ),
                )}
              </code>
            </div>
          ))}
        </div>
      ))}
    </div>
  );
}

/** Lines that came with the last change, for a moment. */
function useChanged(text: string): ReadonlySet<number> {
  const former = useRef<string[] | undefined>(undefined);
  const [changed, setChanged] = useState<ReadonlySet<number>>(new Set());
  useEffect(() => {
    const next = text.split("\n");
    const marked = former.current ? changedLines(former.current, next) : new Set<number>();
    former.current = next;
    setChanged(marked);
    const timer = setTimeout(() => setChanged(new Set()), TINT_MS);
    return () => clearTimeout(timer);
  }, [text]);
  return changed;
}
