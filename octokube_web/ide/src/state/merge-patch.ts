/** Applies the difference of two JSON documents (merge patch, RFC 7386): the twin of octokube/state/merge_patch.py. */

export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };
type JsonObject = { readonly [name: string]: Json };

/** A patch, or what it is to be applied to, is no JSON object. */
export class BadPatch extends Error {}

export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * The document that a patch makes of `target`, which is left as it is; parts that did not change are shared with it.
 *
 * Section 2 of the RFC: a member that is null is removed, an object is merged, anything else replaces.
 */
export function applyPatch(target: Json | undefined, patch: Json): Json {
  if (!isObject(patch)) return patch;
  // A map and not an object literal: a member may have any name, also one that means something to JavaScript.
  const merged = new Map<string, Json>(isObject(target) ? Object.entries(target) : []);
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) merged.delete(name);
    else merged.set(name, applyPatch(merged.get(name), value));
  }
  return Object.fromEntries(merged);
}

/**
 * The body that an encoded patch makes of an encoded object, with members sorted by name as the agent has them. Throws
 * BadPatch. A number may be written differently; the hub sends no patch where JavaScript would lose part of one.
 */
export function applyToBody(body: string, patch: string): string {
  let before: Json;
  let change: Json;
  try {
    before = JSON.parse(body) as Json;
    change = JSON.parse(patch) as Json;
  } catch {
    throw new BadPatch("a patch, or the body that it is for, is not JSON");
  }
  if (!isObject(before) || !isObject(change)) throw new BadPatch("a patch, or the body that it is for, is no JSON object");
  return encode(applyPatch(before, change));
}

/** JSON with members sorted. JSON.stringify alone can't: an object's members that look like numbers always come first. */
function encode(value: Json): string {
  if (Array.isArray(value)) return `[${(value as readonly Json[]).map(encode).join(",")}]`;
  if (!isObject(value)) return JSON.stringify(value);
  const members = Object.entries(value).sort(([a], [b]) => compare(a, b));
  return `{${members.map(([name, inner]) => `${JSON.stringify(name)}:${encode(inner)}`).join(",")}}`;
}

/** Orders by code points, as UTF-8 is ordered: JavaScript's own order puts surrogates before U+E000. */
function compare(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let index = 0; index < length; index++) {
    const difference = rank(a.charCodeAt(index)) - rank(b.charCodeAt(index));
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

function rank(unit: number): number {
  const isSurrogate = unit >= 0xd800 && unit < 0xe000;
  return isSurrogate ? unit + 0x10000 : unit;
}
