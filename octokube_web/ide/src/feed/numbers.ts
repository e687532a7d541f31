/** Uses up the numbers for channels that the gateway has granted to this socket, each once and in order. */
import type { ChannelGrant } from "../gen/octokube/v1/browser_pb";

export class Numbers {
  private grants: { next: number; end: number }[] = [];

  /** A socket begins, with its first grant; those of former sockets are worth nothing. */
  restart(grant: ChannelGrant | undefined): void {
    this.grants = [];
    if (grant !== undefined) this.add(grant);
  }

  add(grant: ChannelGrant): void {
    this.grants.push({ next: grant.first, end: grant.first + grant.count });
  }

  /** Throws when there is none left, which a gateway that grants in time does not let happen. */
  next(): number {
    while (this.grants[0] !== undefined && this.grants[0].next >= this.grants[0].end) this.grants.shift();
    const grant = this.grants[0];
    if (grant === undefined) throw new Error("the gateway has granted no more channels");
    return grant.next++;
  }
}
