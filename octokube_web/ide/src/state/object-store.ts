/** What a receiver keeps one cluster's objects in, and the plain way to do so. */
import { forgetLastMatch } from "./last-match";
import { isSame, type Viewed } from "./viewed";

/** Holds the newest state of each object. A name is held once, whatever its uid. */
export interface ObjectStore {
  readonly size: number;
  all(): Iterable<Viewed>;
  /** The object under exactly this id, uid included. */
  get(id: string): Viewed | undefined;
  /** The id under which the name is held now. */
  idNamed(type: string, namespace: string, name: string): string | undefined;
  isSame(object: Viewed): boolean;
  /** Sets an object's newest state. Throws when the name is held under another uid. */
  put(object: Viewed): void;
  remove(id: string): void;
  /** Forgets everything. */
  clear(): void;
}

/** No part of a key can hold a line feed, so the joined text is as good as the tuple. */
export function nameKey(type: string, namespace: string, name: string): string {
  return `${type}\n${namespace}\n${name}`;
}

/** Keeps whole objects: for views of few. */
export class ObjectMap implements ObjectStore {
  private readonly byName = new Map<string, Viewed>();

  get size(): number {
    return this.byName.size;
  }

  all(): Iterable<Viewed> {
    return this.byName.values();
  }

  get(id: string): Viewed | undefined {
    const held = this.byName.get(id.slice(0, id.lastIndexOf("\n")));
    return held?.id === id ? held : undefined;
  }

  idNamed(type: string, namespace: string, name: string): string | undefined {
    return this.byName.get(nameKey(type, namespace, name))?.id;
  }

  isSame(object: Viewed): boolean {
    const held = this.get(object.id);
    return held !== undefined && isSame(held, object);
  }

  put(object: Viewed): void {
    const name = nameKey(object.type, object.namespace, object.name);
    const former = this.byName.get(name);
    if (former && former.id !== object.id) throw new Error(`${object.type} ${object.namespace}/${object.name} is held under another uid`);
    // The newest change is the last in order, as in the hub's store.
    this.byName.delete(name);
    this.byName.set(name, object);
  }

  remove(id: string): void {
    if (this.get(id)) this.byName.delete(id.slice(0, id.lastIndexOf("\n")));
    forgetLastMatch();
  }

  clear(): void {
    this.byName.clear();
    forgetLastMatch();
  }
}
