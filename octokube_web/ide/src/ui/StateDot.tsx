/** A small shape that says how something fares: another shape for each, so that colour is never alone. */
import type { Tone } from "./freshness";

const SHAPES: Record<Tone, string> = {
  good: "M6 1.5a4.5 4.5 0 100 9 4.5 4.5 0 000-9z",
  busy: "M6 1.5a4.5 4.5 0 100 9V1.5z M6 1.5a4.5 4.5 0 010 9",
  bad: "M6 1l5.2 9.5H.8z",
  calm: "M2 6h8",
};

export function StateDot({ tone }: { tone: Tone }) {
  return (
    <svg className={`dot ${tone}`} width="10" height="10" viewBox="0 0 12 12" aria-hidden="true" focusable="false">
      <path d={SHAPES[tone]} />
    </svg>
  );
}
