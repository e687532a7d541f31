/** Holds the last lines of a log: cuts bytes into lines for each container, keeps a bounded number, says what was dropped. */
import { stamped } from "./levels";

export const LIMIT = 100_000;

export interface Line {
  /** Grows by one with each line, over all containers. */
  readonly number: number;
  readonly pod: string;
  readonly container: string;
  readonly text: string;
  /** When it was written, in milliseconds since 1970; 0 where the cluster did not say. */
  readonly at: number;
  /** What was told of the log between two lines, such as that a container has begun anew. */
  readonly isTold?: boolean;
}

interface Source {
  readonly decoder: TextDecoder;
  rest: string;
}

export class Lines {
  private readonly sources = new Map<string, Source>();
  /** A ring would save the moves; but the array is cut only once in a twentieth of its length. */
  private kept: Line[] = [];
  private next = 0;
  dropped = 0;

  constructor(private readonly limit = LIMIT) {}

  /** Newest last. */
  get all(): readonly Line[] {
    return this.kept;
  }

  /** Takes bytes of one container, which may end inside a line or a character. */
  add(pod: string, container: string, bytes: Uint8Array): void {
    const key = `${pod}/${container}`;
    let source = this.sources.get(key);
    if (!source) this.sources.set(key, (source = { decoder: new TextDecoder(), rest: "" }));
    const texts = (source.rest + source.decoder.decode(bytes, { stream: true })).split("\n");
    source.rest = texts.pop() ?? "";
    for (const text of texts) this.push(pod, container, text);
  }

  /** The log has ended: what was begun is a line. */
  finish(): void {
    for (const [key, source] of this.sources) {
      const [pod = "", container = ""] = key.split("/");
      if (source.rest) this.push(pod, container, source.rest);
      source.rest = "";
    }
  }

  clear(): void {
    this.sources.clear();
    this.kept = [];
    this.dropped = 0;
  }

  /** Puts a sentence of the cluster's between the lines. */
  tell(sentence: string): void {
    this.keep({ number: this.next++, pod: "", container: "", text: plain(sentence), at: 0, isTold: true });
  }

  private push(pod: string, container: string, text: string): void {
    this.keep({ number: this.next++, pod, container, ...stamped(plain(text)) });
  }

  private keep(line: Line): void {
    this.kept.push(line);
    if (this.kept.length <= this.limit * 1.05) return;
    const many = this.kept.length - this.limit;
    this.kept = this.kept.slice(many);
    this.dropped += many;
  }
}

// What a program writes for a terminal says nothing in a list of lines.
// oxlint-disable-next-line no-control-regex
const ESCAPES = /\u001b\[[0-9;?]*[A-Za-z]|\u001b\][^\u0007\u001b]*(?:\u0007|\u001b\\)|[\u0000-\u0008\u000b-\u001f\u007f]/g;

export function plain(text: string): string {
  return text.replace(ESCAPES, "");
}

/** Which lines are wanted: a text, or a regular expression between slashes; with "!" in front those that do not match. */
export function wanted(filter: string): (line: Line) => boolean {
  const isOut = filter.startsWith("!");
  const words = isOut ? filter.slice(1) : filter;
  if (!words) return () => true;
  const pattern = /^\/(.+)\/(i?)$/.exec(words);
  let matches: (text: string) => boolean;
  if (pattern) {
    try {
      const expression = new RegExp(pattern[1] ?? "", pattern[2]);
      matches = (text) => expression.test(text);
    } catch {
      return () => true; // while it is being typed it is none yet
    }
  } else {
    const lower = words.toLowerCase();
    matches = (text) => text.toLowerCase().includes(lower);
  }
  return (line) => line.isTold === true || matches(line.text) !== isOut;
}
