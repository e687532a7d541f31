/** Reads asciicast v2 (https://docs.asciinema.org/manual/asciicast/v2/) and says what was on the screen when. */

export interface Recording {
  readonly columns: number;
  readonly rows: number;
  /** In order. Times are seconds since the beginning. */
  readonly events: readonly CastEvent[];
  readonly seconds: number;
}

export interface CastEvent {
  readonly at: number;
  readonly is: "output" | "resize";
  /** What was shown, or "COLUMNSxROWS". */
  readonly text: string;
}

/** It is no recording, or one of another version. */
export class BadRecording extends Error {}

/** A last line that was cut off is left out: the session's end is missing, and the rest is good. */
export function readRecording(text: string): Recording {
  const [first = "", ...lines] = text.split("\n");
  const header = parsed(first) as { version?: unknown; width?: unknown; height?: unknown } | undefined;
  if (header?.version !== 2) throw new BadRecording("This is no asciicast of version 2.");
  const events: CastEvent[] = [];
  for (const line of lines) {
    if (line === "") continue;
    const event = parsed(line);
    if (!Array.isArray(event)) break;
    const [at, code, data] = event as unknown[];
    if (typeof at !== "number" || typeof data !== "string") break;
    if (code === "o") events.push({ at, is: "output", text: data });
    else if (code === "r") events.push({ at, is: "resize", text: data });
  }
  const size = (value: unknown, usual: number) => (typeof value === "number" && value > 0 && value <= 1000 ? Math.floor(value) : usual);
  return { columns: size(header.width, 80), rows: size(header.height, 24), events, seconds: events.at(-1)?.at ?? 0 };
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line) as unknown;
  } catch {
    return undefined;
  }
}

/** Stretches in which nothing happened are no longer than this when they are played, as people expect of players. */
export const IDLE_SECONDS = 2;

/** The events with long pauses shortened. */
export function withoutPauses(recording: Recording): Recording {
  let taken = 0;
  let last = 0;
  const events = recording.events.map((event) => {
    taken += Math.max(0, event.at - last - IDLE_SECONDS);
    last = event.at;
    return { ...event, at: event.at - taken };
  });
  return { ...recording, events, seconds: events.at(-1)?.at ?? 0 };
}
