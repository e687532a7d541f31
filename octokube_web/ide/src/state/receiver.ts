/** Applies a Watch stream's frames to a copy, and refuses any that would make it wrong. */
import { FrameKind, TombstoneReason, type Entry, type Frame } from "../gen/octokube/v1/frame_pb";
import type { ClusterState } from "../gen/octokube/v1/resource_pb";
import { SnapshotDigest } from "./digest";
import { applyToBody, BadPatch } from "./merge-patch";
import { nameKey, ObjectMap, type ObjectStore } from "./object-store";
import { FeedFault, idOf, viewedOf, type Viewed } from "./viewed";

export { FeedFault } from "./viewed";

const decoder = new TextDecoder();

/** A frame was lost, repeated or reordered. */
export class OutOfSequence extends FeedFault {}

/** A snapshot ended with another count or check sum than it had, or was broken into by something else. */
export class TornSnapshot extends FeedFault {}

export type ChangeKind = "added" | "modified" | "deleted" | "withdrawn";

/** One difference that a frame made. When an object left, `object` is the last that was held. */
export interface Change {
  readonly kind: ChangeKind;
  readonly object: Viewed;
}

class Gathering {
  readonly objects = new Map<string, Viewed>();
  readonly digest = new SnapshotDigest();
  constructor(readonly expected: number) {}
}

/** What is held of one cluster. `store` changes only in whole frames and snapshots. */
export class ClusterCopy {
  state: ClusterState | undefined;
  /** Milliseconds since 1970, by the hub's clock; 0 before the first frame that says. */
  asOf = 0;
  resumeToken: Uint8Array = new Uint8Array();
  /** Whether a snapshot or a resume has completed: before that, absence means nothing. */
  isSynced = false;
  gathering: Gathering | undefined;

  constructor(readonly store: ObjectStore) {}
}

/**
 * Holds one copy per cluster and moves it frame by frame: the twin of octokube/client/receiver.py.
 *
 * Guarantees: after each `apply` that returns, every synced cluster's copy is one that the hub had; a torn snapshot never
 * replaces a copy; what is withdrawn is forgotten. After a FeedFault the copies stay as they were, and frames are taken
 * again after `restart`. Why a key is missing from a new snapshot nobody can say: it is told as withdrawn.
 */
export class Receiver {
  readonly clusters = new Map<string, ClusterCopy>();
  sequence = 0n;

  /** `storeFor`: what to keep a cluster's objects in. */
  constructor(private readonly storeFor: (cluster: string) => ObjectStore = () => new ObjectMap()) {}

  /** Prepares for a new stream: sequences begin at 1 again, an open snapshot is dropped, copies are kept. */
  restart(): void {
    this.sequence = 0n;
    for (const copy of this.clusters.values()) copy.gathering = undefined;
  }

  /**
   * Makes the next stream start with a snapshot, while what is held stays until that replaces it. The clusters are named
   * to it all the same, by a token that no hub can read: of one that may no longer be seen, only the hub can say so.
   */
  distrust(): void {
    for (const copy of this.clusters.values()) {
      copy.resumeToken = new Uint8Array(copy.isSynced || copy.resumeToken.length > 0 ? 1 : 0);
    }
  }

  /** Drops every copy and token. */
  forget(): void {
    for (const { store } of this.clusters.values()) store.clear();
    this.clusters.clear();
    this.sequence = 0n;
  }

  resumePoints(): { cluster: string; resumeToken: Uint8Array }[] {
    return [...this.clusters]
      .filter(([, copy]) => copy.resumeToken.length > 0)
      .map(([cluster, copy]) => ({ cluster, resumeToken: copy.resumeToken }));
  }

  /** Applies the next frame and returns what it changed. Throws FeedFault. */
  apply(frame: Frame): Change[] {
    if (frame.sequence !== this.sequence + 1n) {
      throw new OutOfSequence(`frame ${frame.sequence} came after frame ${this.sequence}`);
    }
    let copy = this.clusters.get(frame.cluster);
    if (!copy) this.clusters.set(frame.cluster, (copy = new ClusterCopy(this.storeFor(frame.cluster))));
    let changes: Change[] = [];
    switch (frame.kind) {
      case FrameKind.SNAPSHOT_BEGIN:
        copy.gathering = new Gathering(Number(frame.itemCount));
        break;
      case FrameKind.SNAPSHOT_PART:
        gather(copy, frame);
        break;
      case FrameKind.SNAPSHOT_END:
        changes = swap(copy, frame);
        break;
      case FrameKind.DELTA:
        if (copy.gathering) throw new TornSnapshot(`a delta of cluster ${frame.cluster} came inside its snapshot`);
        changes = move(copy, frame);
        copy.isSynced = true;
        break;
      case FrameKind.BOOKMARK:
        break;
      default:
        throw new FeedFault(`frame ${frame.sequence} has the unknown kind ${frame.kind}; reload the page`);
    }
    this.sequence = frame.sequence;
    if (frame.asOf) copy.asOf = Number(frame.asOf.seconds) * 1000 + frame.asOf.nanos / 1e6;
    if (frame.clusterState) copy.state = frame.clusterState;
    if (frame.resumeToken.length > 0) copy.resumeToken = frame.resumeToken;
    return changes;
  }
}

function gather(copy: ClusterCopy, frame: Frame): Gathering {
  const gathering = copy.gathering;
  if (!gathering) throw new TornSnapshot(`part of a snapshot of cluster ${frame.cluster} came without its beginning`);
  for (const entry of frame.entries) {
    const viewed = viewedOf(entry);
    gathering.objects.set(viewed.id, viewed);
    gathering.digest.add(viewed.type, viewed.namespace, viewed.name, viewed.uid, viewed.resourceVersion);
  }
  return gathering;
}

function swap(copy: ClusterCopy, frame: Frame): Change[] {
  const gathering = gather(copy, frame);
  copy.gathering = undefined;
  if (BigInt(gathering.digest.itemCount) !== frame.itemCount || gathering.digest.value !== frame.digest) {
    throw new TornSnapshot(
      `the snapshot of cluster ${frame.cluster} has ${gathering.digest.itemCount} entries where ` +
        `${frame.itemCount} were promised, or another check sum`,
    );
  }
  const { store } = copy;
  const { objects } = gathering;
  const names = new Set([...objects.values()].map(({ type, namespace, name }) => nameKey(type, namespace, name)));
  if (names.size !== objects.size) {
    throw new TornSnapshot(`the snapshot of cluster ${frame.cluster} holds one name twice`);
  }
  copy.isSynced = true;
  const changes: Change[] = [];
  for (const object of [...store.all()]) {
    if (objects.has(object.id)) continue;
    store.remove(object.id);
    changes.push({ kind: "withdrawn", object });
  }
  for (const object of objects.values()) {
    if (store.isSame(object)) continue;
    const kind = store.get(object.id) ? "modified" : "added";
    store.put(object);
    changes.push({ kind, object });
  }
  return changes;
}

/** An entry that comes as the difference to the body that is held. */
function patched(copy: ClusterCopy, entry: Entry): Viewed {
  const arrived = viewedOf(entry);
  const held = copy.store.get(arrived.id);
  if (!held || held.body === "" || arrived.body !== "") {
    throw new FeedFault(`the hub sent a patch of ${arrived.type} ${arrived.name}, of which no body is held`);
  }
  try {
    return { ...arrived, body: applyToBody(held.body, decoder.decode(entry.patch)) };
  } catch (error) {
    if (!(error instanceof BadPatch)) throw error;
    throw new FeedFault(`the hub sent a patch of ${arrived.type} ${arrived.name} that can't be applied: ${error.message}`);
  }
}

function move(copy: ClusterCopy, frame: Frame): Change[] {
  // A fault must leave the copy as it was, so everything is read before anything is changed.
  const { store } = copy;
  const leaving = new Map<string, "deleted" | "withdrawn">();
  for (const { key, reason } of frame.tombstones) {
    if (!key?.name) throw new FeedFault("a tombstone came without its key");
    leaving.set(idOf(key), reason === TombstoneReason.DELETED ? "deleted" : "withdrawn");
  }
  const arriving = new Map<string, Viewed>();
  for (const entry of frame.entries) {
    const object = entry.patch.length > 0 ? patched(copy, entry) : viewedOf(entry);
    const { type, namespace, name } = object;
    const former = store.idNamed(type, namespace, name);
    const id = nameKey(type, namespace, name);
    if (arriving.has(id) || (former && former !== object.id && !leaving.has(former))) {
      throw new FeedFault(`the hub sent ${type} ${namespace}/${name} again under another uid`);
    }
    arriving.set(id, object);
  }
  const changes: Change[] = [];
  // Tombstones first: a re-created object's predecessor leaves before its successor of the same name arrives.
  for (const [id, kind] of leaving) {
    const object = store.get(id);
    if (!object) continue;
    store.remove(id);
    changes.push({ kind, object });
  }
  for (const object of arriving.values()) {
    changes.push({ kind: store.idNamed(object.type, object.namespace, object.name) ? "modified" : "added", object });
    store.put(object);
  }
  return changes;
}
