/** Finds the merge patch (RFC 7386) that makes one document of another: the twin of octokube/state/merge_patch.py's diff. */
import { isObject, type Json } from "../state/merge-patch";

/** {} when they are equal. A list that differs is replaced as a whole, since a merge patch can say nothing less. */
export function mergeDiff(before: Json, after: Json): { [name: string]: Json } {
  const patch = new Map<string, Json>();
  const from = isObject(before) ? before : {};
  const to = isObject(after) ? after : {};
  for (const name of Object.keys(from)) if (!Object.hasOwn(to, name)) patch.set(name, null);
  for (const [name, value] of Object.entries(to)) {
    const former = Object.hasOwn(from, name) ? from[name] : undefined;
    if (isObject(former) && isObject(value)) {
      const inside = mergeDiff(former, value);
      if (Object.keys(inside).length > 0) patch.set(name, inside);
    } else if (former === undefined || !isEqual(former, value)) {
      patch.set(name, value);
    }
  }
  return Object.fromEntries(patch);
}

export function isEqual(a: Json, b: Json): boolean {
  if (a === b) return true;
  if (Array.isArray(a) || Array.isArray(b)) {
    return Array.isArray(a) && Array.isArray(b) && a.length === b.length && a.every((item, index) => isEqual(item as Json, b[index] as Json));
  }
  if (!isObject(a) || !isObject(b)) return false;
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => Object.hasOwn(b, name) && isEqual(a[name] as Json, b[name] as Json));
}
