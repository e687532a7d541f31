/** Keeps objects ordered by the version of their last change, with a bounded ring of tombstones: the twin of octokube/state/store.py. */

/** The version asked for is older than the tombstone ring: only a snapshot can tell what is missing. */
export class Gone extends Error {}

export type Reason = "deleted" | "withdrawn";

/** What names one object for the whole of its life; uid tells re-creations apart. */
export interface Key {
  readonly type: string;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

/** An object and the version of its last change. */
export interface Stored<V> {
  readonly key: Key;
  readonly version: number;
  readonly value: V;
}

/** A key that left, and the version at which it did. */
export interface Removed {
  readonly key: Key;
  readonly version: number;
  readonly reason: Reason;
}

/** Everything that differs between two versions, each in version order. A key is never in both. */
export interface Changes<V> {
  readonly fromVersion: number;
  readonly toVersion: number;
  readonly entries: Stored<V>[];
  readonly tombstones: Removed[];
}

interface Node<V> extends Stored<V> {
  before: Node<V> | undefined;
  after: Node<V> | undefined;
}

/** No part of a key can hold a line feed, so the joined text is as good as the tuple. */
function nameOf(type: string, namespace: string, name: string): string {
  return `${type}\n${namespace}\n${name}`;
}

function idOf(key: Key): string {
  return `${nameOf(key.type, key.namespace, key.name)}\n${key.uid}`;
}

/**
 * Key → value, ordered by the version of the last change. Pure and synchronous.
 *
 * Guarantees: `changesAfter(v)` for any v from `horizon` to `version` leads a copy that was equal at v to one that is equal
 * now. Memory is O(objects + tombstone limit), whatever readers do. Does not guarantee intermediate states.
 *
 * Example: put a@1, put b@2, put a@3, remove b@4. `changesAfter(1)` = entries [a@3], tombstones [b@4].
 */
export class VersionedStore<V> {
  private readonly byName = new Map<string, Node<V>>();
  private oldest: Node<V> | undefined;
  private newest: Node<V> | undefined;
  private readonly ring: Removed[] = [];
  /** Where the ring begins in its array; what lies before has been forgotten. */
  private ringStart = 0;
  private reached = 0;
  private reachesBackTo = 0;

  constructor(private readonly tombstoneLimit: number) {}

  /** The version of the newest change, or as far as `advance` said. */
  get version(): number {
    return this.reached;
  }

  /** The oldest version that `changesAfter` can start from. */
  get horizon(): number {
    return this.reachesBackTo;
  }

  get size(): number {
    return this.byName.size;
  }

  /** The object under exactly this key, uid included. */
  get(key: Key): Stored<V> | undefined {
    const stored = this.named(key.type, key.namespace, key.name);
    return stored?.key.uid === key.uid ? stored : undefined;
  }

  /** The object that has this name now, whatever its uid. */
  named(type: string, namespace: string, name: string): Stored<V> | undefined {
    return this.byName.get(nameOf(type, namespace, name));
  }

  /** Everything, oldest change first. */
  all(): Stored<V>[] {
    const found: Stored<V>[] = [];
    for (let node = this.oldest; node; node = node.after) found.push(node);
    return found;
  }

  /** Sets an object's newest state. Throws when the version does not grow, or the name is held under another uid. */
  put(key: Key, version: number, value: V): void {
    this.checkGrows(version);
    const name = nameOf(key.type, key.namespace, key.name);
    const former = this.byName.get(name);
    if (former) {
      if (former.key.uid !== key.uid) {
        throw new Error(`${key.type} ${key.namespace}/${key.name} is held under another uid; remove that first`);
      }
      this.unlink(former);
    }
    // A key of its own: what is passed in may be a whole object, whose content must not live as long as its name.
    const own = former?.key ?? { type: key.type, namespace: key.namespace, name: key.name, uid: key.uid };
    const node: Node<V> = { key: own, version, value, before: this.newest, after: undefined };
    if (this.newest) this.newest.after = node;
    else this.oldest = node;
    this.newest = node;
    this.byName.set(name, node);
    this.reached = version;
  }

  /** Removes an object and keeps a tombstone. False, and nothing happens, when the key is not held. */
  remove(key: Key, version: number, reason: Reason): boolean {
    const name = nameOf(key.type, key.namespace, key.name);
    const node = this.byName.get(name);
    if (node?.key.uid !== key.uid) return false;
    this.checkGrows(version);
    this.byName.delete(name);
    this.unlink(node);
    this.keep({ key: node.key, version, reason });
    this.reached = version;
    return true;
  }

  /** Keeps a tombstone of a key that is not held here, so that readers who hold it still learn of it. */
  bury(removed: Removed): void {
    this.checkGrows(removed.version);
    this.keep(removed);
    this.reached = removed.version;
  }

  /** Moves to a newer version without a change. Does nothing when already there; never goes back. */
  advance(version: number): void {
    if (version < this.reached) throw new Error(`versions only grow: at ${this.reached}, asked to advance to ${version}`);
    this.reached = version;
  }

  /** What a reader that is equal at `version` lacks. Throws Gone. Costs O(changes), not O(objects). */
  changesAfter(version: number): Changes<V> {
    if (version > this.reached) throw new Error(`asked for changes after ${version}, the newest is ${this.reached}`);
    if (version < this.reachesBackTo) {
      throw new Gone(`version ${version} is older than the tombstone ring, which begins after ${this.reachesBackTo}`);
    }
    const entries: Stored<V>[] = [];
    for (let node = this.newest; node && node.version > version; node = node.before) entries.push(node);
    const tombstones: Removed[] = [];
    const told = new Set<string>();
    for (let index = this.ring.length - 1; index >= this.ringStart; index--) {
      const removed = this.ring[index]!;
      if (removed.version <= version) break;
      // A key that left twice is told once, and one that came back is told as an entry only.
      const id = idOf(removed.key);
      if (told.has(id) || this.get(removed.key)) continue;
      told.add(id);
      tombstones.push(removed);
    }
    return { fromVersion: version, toVersion: this.reached, entries: entries.reverse(), tombstones: tombstones.reverse() };
  }

  private keep(removed: Removed): void {
    if (this.tombstoneLimit === 0) {
      this.reachesBackTo = removed.version;
      return;
    }
    this.ring.push(removed);
    while (this.ring.length - this.ringStart > this.tombstoneLimit) {
      this.reachesBackTo = this.ring[this.ringStart]!.version;
      this.ringStart += 1;
    }
    // Forgotten ones are let go of half an array at a time: shifting each would cost the whole array each.
    if (this.ringStart > 64 && this.ringStart * 2 > this.ring.length) {
      this.ring.splice(0, this.ringStart);
      this.ringStart = 0;
    }
  }

  private unlink(node: Node<V>): void {
    if (node.before) node.before.after = node.after;
    else this.oldest = node.after;
    if (node.after) node.after.before = node.before;
    else this.newest = node.before;
  }

  private checkGrows(version: number): void {
    if (version <= this.reached) throw new Error(`versions only grow: at ${this.reached}, asked for ${version}`);
  }
}
