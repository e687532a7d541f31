/** Gathers what an operation writes to standard output, up to a limit, for a file or a value. */
import type { FeedClient } from "../feed/client";
import { run, type Ending, type Operation, type Start } from "./operation";

export interface Gathering {
  readonly ended: Promise<{ readonly ending: Ending; readonly parts: readonly Uint8Array[]; readonly isCut: boolean; readonly errors: string }>;
  cancel(): void;
}

/** `tell` hears of the bytes so far. Beyond `limit` the operation is called off, and what has come is given. */
export function gather(feed: FeedClient, start: Start, limit: number, tell: (bytes: number) => void): Gathering {
  const parts: Uint8Array[] = [];
  const decoder = new TextDecoder();
  let size = 0;
  let isCut = false;
  let errors = "";
  const operation: Operation = run(feed, start, {
    bytes: ({ bytes, stream }) => {
      if (stream === "stderr") {
        errors = (errors + decoder.decode(bytes, { stream: true })).slice(0, 2_000);
        return;
      }
      if (isCut) return;
      size += bytes.length;
      if (size > limit) {
        isCut = true;
        operation.cancel();
        return;
      }
      parts.push(bytes.slice());
      tell(size);
    },
  });
  return {
    ended: operation.ended.then((ending) => ({ ending, parts, isCut, errors })),
    cancel: () => operation.cancel(),
  };
}

export function sizeText(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  if (bytes < 1024 ** 2) return `${(bytes / 1024).toFixed(0)} KiB`;
  return `${(bytes / 1024 ** 2).toFixed(1)} MiB`;
}

/** Offers a file to be kept. */
export function keep(name: string, type: string, parts: readonly BlobPart[]): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([...parts], { type }));
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}
