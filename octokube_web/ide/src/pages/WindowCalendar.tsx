/** The coming week, and when in it the clock lets one do what: drawn, and told in words. */
import { timestampMs } from "@bufbuild/protobuf/wkt";
import { useMemo } from "react";
import type { Grant } from "../gen/octokube/v1/cluster_service_pb";
import { daysFrom, partsOf, type Span } from "./calendar";

const DAYS = 7;
/** The hub tells so many spans and no more: what comes after them is not known. */
const SPANS_TOLD = 64;
/** More than these in a day are counted. */
const SPANS_SPELT = 3;
const dayName = new Intl.DateTimeFormat(undefined, { weekday: "short", day: "numeric", month: "short" });
const hour = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", hour12: false });

interface Line {
  readonly title: string;
  readonly isDeny: boolean;
  readonly sentences: readonly string[];
  readonly spans: readonly Span[];
  readonly knownUntil: number;
}

/** `now`: by the hub's clock, in milliseconds since 1970. */
export function WindowCalendar({ grants, now }: { grants: readonly Grant[]; now: number }) {
  const lines = useMemo(() => linesOf(grants), [grants]);
  const days = useMemo(() => daysFrom(now, DAYS), [now]);
  if (lines.length === 0) return null;
  return (
    <section>
      <h2>The coming week</h2>
      <p className="muted">In your own time zone, {Intl.DateTimeFormat().resolvedOptions().timeZone}.</p>
      <div className="page-scroll" role="group" aria-label="The coming week" tabIndex={0}>
        <table className="page-table calendar">
          <thead>
            <tr>
              <th scope="col">What</th>
              {days.map((day) => <th key={day.begins} scope="col">{dayName.format(day.begins)}</th>)}
            </tr>
          </thead>
          <tbody>
            {lines.map((line) => (
              <tr key={`${line.isDeny} ${line.title}`}>
                <th scope="row" title={line.sentences.join("\n")}>{line.isDeny ? `Refused: ${line.title}` : line.title}</th>
                {days.map((day) => {
                  const parts = partsOf(day, line.spans);
                  if (day.begins >= line.knownUntil) return <td key={day.begins}><span className="calendar-words">not told</span></td>;
                  return (
                    <td key={day.begins}>
                      <div className={`calendar-day${line.isDeny ? " deny" : ""}`} aria-hidden="true">
                        {parts.map((part) => <span key={part.from} style={{ insetInlineStart: `${part.from * 100}%`, width: `${part.length * 100}%` }} />)}
                        {day.begins <= now && now < day.ends && <i style={{ insetInlineStart: `${((now - day.begins) / (day.ends - day.begins)) * 100}%` }} />}
                      </div>
                      <span className="calendar-words">{wordsOfDay(parts.map(({ span }) => wordsOf(span, day.begins, day.ends)))}</span>
                    </td>
                  );
                })}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function wordsOfDay(words: readonly string[]): string {
  if (words.length === 0) return "–";
  return words.length > SPANS_SPELT ? `${words.length} times` : words.join(", ");
}

function wordsOf(span: Span, begins: number, ends: number): string {
  if (span.since <= begins && span.until >= ends) return "all day";
  if (span.since <= begins) return `until ${hour.format(span.until)}`;
  if (span.until >= ends) return `from ${hour.format(span.since)}`;
  return `${hour.format(span.since)}–${hour.format(span.until)}`;
}

/** Grants that come and go together are one line. */
function linesOf(grants: readonly Grant[]): Line[] {
  const lines = new Map<string, Line & { sentences: string[] }>();
  for (const grant of grants) {
    if (grant.spans.length === 0) continue;
    const spans = grant.spans.map(({ since, until }) => ({ since: since ? timestampMs(since) : 0, until: until ? timestampMs(until) : 0 }));
    const key = JSON.stringify([grant.isDeny, grant.subject, grant.window, spans]);
    const line = lines.get(key);
    if (line) line.sentences.push(grant.sentence);
    else {
      const title = grant.window === "always" ? `as ${grant.subject}` : `${grant.window}, as ${grant.subject}`;
      lines.set(key, { title, isDeny: grant.isDeny, sentences: [grant.sentence], spans, knownUntil: spans.length < SPANS_TOLD ? Infinity : (spans.at(-1)?.until ?? Infinity) });
    }
  }
  return [...lines.values()];
}
