/** Lays spans of time out over days, as a calendar draws them. Days are those of the reader's own zone. */

export interface Span {
  /** Milliseconds since 1970. */
  readonly since: number;
  readonly until: number;
}

export interface Day {
  readonly begins: number;
  readonly ends: number;
}

/** A part of a day: where it begins and how long it is, of the whole day, from 0 to 1. */
export interface Part {
  readonly from: number;
  readonly length: number;
  readonly span: Span;
}

/** So many days, the first of which holds `now`. A day of a clock change has 23 or 25 hours. */
export function daysFrom(now: number, count: number): Day[] {
  const start = new Date(now);
  const midnight = (offset: number) => new Date(start.getFullYear(), start.getMonth(), start.getDate() + offset).getTime();
  return Array.from({ length: count }, (_, index) => ({ begins: midnight(index), ends: midnight(index + 1) }));
}

export function partsOf(day: Day, spans: readonly Span[]): Part[] {
  const whole = day.ends - day.begins;
  return spans.flatMap((span) => {
    const from = Math.max(span.since, day.begins);
    const to = Math.min(span.until, day.ends);
    return from < to ? [{ from: (from - day.begins) / whole, length: (to - from) / whole, span }] : [];
  });
}
