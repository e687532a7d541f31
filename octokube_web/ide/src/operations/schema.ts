/** Checks an object against its type's schema, and says what may stand where: for the editor's hints, not for the server's word. */
import type { Json } from "../state/merge-patch";
import { isObject } from "../state/merge-patch";

export interface Schema {
  readonly $ref?: string;
  readonly allOf?: readonly Schema[];
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly type?: string;
  readonly format?: string;
  readonly description?: string;
  readonly enum?: readonly Json[];
  readonly required?: readonly string[];
  readonly properties?: { readonly [name: string]: Schema };
  readonly additionalProperties?: Schema | boolean;
  readonly items?: Schema;
  readonly "x-kubernetes-preserve-unknown-fields"?: boolean;
  readonly "x-kubernetes-int-or-string"?: boolean;
  readonly definitions?: { readonly [name: string]: Schema };
}

export type Path = readonly (string | number)[];

export interface Problem {
  readonly path: Path;
  readonly message: string;
  /** Whether it is about the name of the member, and not about its value. */
  readonly isAboutName: boolean;
}

const DEEP = 60;

/** The schema that a node really has: references followed, a lone allOf looked through. */
export function resolved(root: Schema, schema: Schema | undefined): Schema | undefined {
  let found = schema;
  for (let steps = 0; found && steps < DEEP; steps++) {
    if (found.$ref) found = root.definitions?.[found.$ref.replace("#/definitions/", "")];
    else if (found.allOf?.length === 1 && !found.properties) found = found.allOf[0];
    else return found;
  }
  return undefined;
}

/** What does not fit. An unknown part of a schema allows everything: the server decides. */
export function check(root: Schema, value: Json, schema: Schema | undefined = root, path: Path = []): Problem[] {
  const known = resolved(root, schema);
  if (!known || path.length > DEEP || value === null) return [];
  if (known["x-kubernetes-int-or-string"] || known.anyOf || known.oneOf || known.format === "int-or-string") return [];
  if (known.enum && !known.enum.includes(value)) {
    return [problem(path, `one of ${known.enum.map(String).join(", ")} is expected here`)];
  }
  const kind = kindOf(value);
  if (known.type && !fits(known.type, kind, value)) {
    return [problem(path, `${aOr(known.type)} is expected here, not ${aOr(kind)}`)];
  }
  if (Array.isArray(value)) return value.flatMap((item, index) => check(root, item as Json, known.items, [...path, index]));
  if (!isObject(value)) return [];
  const problems: Problem[] = [];
  const isOpen = known.additionalProperties !== undefined && known.additionalProperties !== false;
  for (const [name, inside] of Object.entries(value)) {
    const own = known.properties && Object.hasOwn(known.properties, name) ? known.properties[name] : undefined;
    if (own) {
      problems.push(...check(root, inside, own, [...path, name]));
    } else if (isOpen) {
      if (typeof known.additionalProperties === "object") problems.push(...check(root, inside, known.additionalProperties, [...path, name]));
    } else if (known.properties && !known["x-kubernetes-preserve-unknown-fields"]) {
      const near = nearest(name, Object.keys(known.properties));
      problems.push({ path: [...path, name], isAboutName: true, message: `there is no field ${name} here${near ? `; did you mean ${near}?` : ""}` });
    }
  }
  for (const name of known.required ?? []) {
    if (!Object.hasOwn(value, name)) problems.push(problem(path, `the field ${name} is missing here`));
  }
  return problems;
}

/** The fields that may stand in the object at a path, with what they are. */
export function fieldsAt(root: Schema, path: Path): readonly { readonly name: string; readonly type: string; readonly description: string }[] {
  let schema = resolved(root, root);
  for (const step of path) {
    if (!schema) return [];
    const inside: Schema | undefined =
      typeof step === "number"
        ? schema.items
        : (schema.properties?.[step] ?? (typeof schema.additionalProperties === "object" ? schema.additionalProperties : undefined));
    schema = resolved(root, inside);
  }
  return Object.entries(schema?.properties ?? {}).map(([name, one]) => {
    const known = resolved(root, one);
    return { name, type: known?.type ?? "", description: one.description ?? known?.description ?? "" };
  });
}

function problem(path: Path, message: string): Problem {
  return { path, message, isAboutName: false };
}

function kindOf(value: Json): string {
  if (Array.isArray(value)) return "array";
  return typeof value;
}

function fits(type: string, kind: string, value: Json): boolean {
  if (type === "integer") return kind === "number" && Number.isInteger(value);
  return type === kind;
}

const WORDS: Record<string, string> = { array: "a list", object: "an object", integer: "a whole number", number: "a number", string: "a text", boolean: "true or false" };
const aOr = (type: string) => WORDS[type] ?? type;

/** The name that differs least, when it differs little. */
function nearest(name: string, names: readonly string[]): string {
  const scored = names.map((other) => ({ other, distance: distance(name.toLowerCase(), other.toLowerCase()) })).sort((a, b) => a.distance - b.distance);
  const best = scored[0];
  return best && best.distance <= Math.ceil(name.length / 3) ? best.other : "";
}

function distance(a: string, b: string): number {
  let former = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let row = 1; row <= a.length; row++) {
    const now = [row];
    for (let column = 1; column <= b.length; column++) {
      const change = (former[column - 1] ?? 0) + (a[row - 1] === b[column - 1] ? 0 : 1);
      now.push(Math.min(change, (former[column] ?? 0) + 1, (now[column - 1] ?? 0) + 1));
    }
    former = now;
  }
  return former[b.length] ?? 0;
}
