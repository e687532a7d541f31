/** The order-independent check sum that ends a snapshot; the rule is in frame.proto. */
import { crc32 } from "./crc32";

/** Counts and sums the entries of one snapshot, in any order. It detects torn and mixed snapshots, no adversary. */
export class SnapshotDigest {
  itemCount = 0;
  private sum = 0;
  private xor = 0;

  add(type: string, namespace: string, name: string, uid: string, resourceVersion: string): void {
    const crc = crc32(`${type}\n${namespace}\n${name}\n${uid}\n${resourceVersion}`);
    this.itemCount += 1;
    this.sum = (this.sum + crc) >>> 0;
    this.xor = (this.xor ^ crc) >>> 0;
  }

  /** Unsigned 64 bits; 0 for no entries. */
  get value(): bigint {
    return (BigInt(this.sum) << 32n) | BigInt(this.xor);
  }
}
