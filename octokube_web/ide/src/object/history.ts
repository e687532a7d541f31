/** Tells field by field how an object changed while it was looked at. */

type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

export interface FieldChange {
  /** As in `spec.containers[0].image`. */
  readonly path: string;
  /** As JSON; undefined where there was, or is, none. */
  readonly before: string | undefined;
  readonly after: string | undefined;
}

export interface Step {
  /** By the hub's clock, in milliseconds since 1970. */
  readonly at: number;
  readonly changes: readonly FieldChange[];
  /** How many more there were. */
  readonly more: number;
}

const CHANGE_LIMIT = 40;
export const STEP_LIMIT = 200;
/** What changes with everything else, and says nothing by itself. */
const NOISE = new Set(["metadata.resourceVersion", "metadata.managedFields"]);

/** What differs between two bodies of one object; undefined when nothing does that matters. */
export function stepBetween(before: string, after: string, at: number): Step | undefined {
  const changes: FieldChange[] = [];
  compare("", JSON.parse(before) as Json, JSON.parse(after) as Json, changes);
  if (changes.length === 0) return undefined;
  return { at, changes: changes.slice(0, CHANGE_LIMIT), more: Math.max(0, changes.length - CHANGE_LIMIT) };
}

function compare(path: string, before: Json | undefined, after: Json | undefined, changes: FieldChange[]): void {
  if (before === after || NOISE.has(path)) return;
  if (Array.isArray(before) && Array.isArray(after)) {
    const [former, next] = [before as readonly Json[], after as readonly Json[]];
    for (let index = 0; index < Math.max(former.length, next.length); index++) compare(`${path}[${index}]`, former[index], next[index], changes);
    return;
  }
  if (isMembers(before) && isMembers(after)) {
    for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) compare(joined(path, key), before[key], after[key], changes);
    return;
  }
  const told = (value: Json | undefined) => (value === undefined ? undefined : JSON.stringify(value));
  if (told(before) !== told(after)) changes.push({ path, before: told(before), after: told(after) });
}

function isMembers(value: Json | undefined): value is { readonly [key: string]: Json } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function joined(path: string, key: string): string {
  if (!/^[\w-]+$/.test(key)) return `${path}[${JSON.stringify(key)}]`;
  return path === "" ? key : `${path}.${key}`;
}
