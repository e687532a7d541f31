/** Gets whole objects one by one, for a file that kubectl can read. */
import type { FeedClient } from "../feed/client";
import { yamlOf } from "../yaml/lines";
import { run, type Document } from "./operation";
import { operationTarget, type Target } from "./target";

const AT_ONCE = 4;

/** Objects that may not be read, or are gone, are named in a comment. */
export async function objectsAsYaml(feed: FeedClient, targets: readonly Target[]): Promise<string> {
  const texts: string[] = targets.map(() => "");
  let next = 0;
  async function work(): Promise<void> {
    for (let index = next++; index < targets.length; index = next++) {
      const target = targets[index] as Target;
      let found: Document | undefined;
      const end = await run(feed, { target: operationTarget(target), operation: { case: "get", value: {} } }, { document: (document) => (found ??= document) }).ended;
      const name = `${target.type} ${target.namespace}/${target.name}`;
      texts[index] = end.isDone && found ? yamlOf(JSON.stringify(found.object)) : `# ${name}: ${end.message.replaceAll("\n", " ") || "not available"}\n`;
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return texts.map((text) => (text.endsWith("\n") ? text : `${text}\n`)).join("---\n");
}
