/** A thousand cuts, at the worst moments: what the page shows ends equal to the cluster, row by row. */
import { expect, test } from "vitest";
import type { ViewSpec } from "../src/feed/messages";
import type { Frame } from "../src/gen/octokube/v1/frame_pb";
import { TombstoneReason } from "../src/gen/octokube/v1/frame_pb";
import { RemoteTable } from "../src/table/remote-table";
import { FIRST_LOOK, type Look } from "../src/table/table-view";
import { Gateway } from "./gateway";
import { SyntheticCluster, SyntheticStream } from "./synthetic";

const CUTS = 1000;
const SPEC: ViewSpec = { cluster: "harbour", type: "pods", namespaces: ["**"], names: [], detail: "rows" };

/** The same dice each time (mulberry32). */
function dice(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

/** The page: takes what the worker tells it, a while later, and looks at all of it. */
class Page {
  readonly table: RemoteTable;
  private told = 0;
  /** Rows that the page had twice at once. */
  doubled = 0;

  constructor(private readonly gateway: Gateway) {
    this.table = new RemoteTable((look) => gateway.service.obey({ do: "look", view: 1, look }));
  }

  paint(): void {
    for (; this.told < this.gateway.reports.length; this.told++) {
      const report = this.gateway.reports[this.told]!;
      if (report.tell !== "table") continue;
      this.table.take(report.page);
      const { ids } = this.table.getOutline();
      this.doubled += ids.length - new Set(ids).size;
      this.gateway.service.obey({ do: "taken", view: 1 });
    }
  }

  content(): Record<string, string> {
    const rows = this.table.getOutline().ids.map((id) => this.table.getRow(id)!);
    return Object.fromEntries(rows.map(({ namespace, name, resourceVersion }) => [`${namespace}/${name}`, resourceVersion]));
  }
}

test(`after ${CUTS} cuts no row is lost and none is doubled`, () => {
  const random = dice(20);
  const upTo = (limit: number) => Math.floor(random() * limit);
  const cluster = new SyntheticCluster();
  for (let index = 0; index < 200; index++) cluster.put("payments", `web-${index}`);
  const gateway = new Gateway();
  const page = new Page(gateway);
  const look: Look = { ...FIRST_LOOK, count: 1000, sort: { column: 1, isDescending: true } };
  gateway.service.obey({ do: "start", url: "ws://here", subject: "user:alice" });
  gateway.service.obey({ do: "table", view: 1, spec: SPEC, look });

  const churn = () => {
    for (let change = upTo(6); change > 0; change--) {
      const name = `web-${upTo(260)}`;
      if (random() < 0.6) cluster.put("payments", name);
      else cluster.remove("payments", name, random() < 0.5 ? TombstoneReason.DELETED : TombstoneReason.WITHDRAWN);
    }
  };
  const outcomes = { resumed: 0, fresh: 0, lost: 0, repeated: 0, torn: 0 };
  const say = (frames: readonly Frame[]) => frames.forEach((frame) => gateway.frame(gateway.watch.channel, frame));

  const cutAndReturn = () => {
    gateway.cut();
    const link = gateway.reports.findLast((report) => report.tell === "link")!.link;
    if (link.is !== "waiting") throw new Error("the link does not come back");
    gateway.pass(link.at - gateway.now());
  };

  for (let cut = 0; cut < CUTS; cut++) {
    gateway.hello();
    const stream = new SyntheticStream(cluster, 1 + upTo(90));
    const token = gateway.watch.subscribe.resume[0]?.resumeToken;
    // Now and then the hub has forgotten what it gave.
    if (token && token.length > 1 && random() < 0.8) {
      outcomes.resumed += 1;
      say(stream.resume(token));
    } else {
      outcomes.fresh += 1;
      const frames = stream.snapshot();
      const isCutInside = random() < 0.3;
      if (isCutInside) outcomes.torn += 1;
      say(isCutInside ? frames.slice(0, upTo(frames.length)) : frames);
      if (isCutInside) {
        cutAndReturn();
        continue;
      }
    }
    let last: Frame | undefined;
    for (let turn = upTo(4); turn >= 0; turn--) {
      churn();
      last = stream.delta();
      const fate = random();
      if (fate < 0.05) {
        outcomes.lost += 1;
        churn();
        gateway.frame(gateway.watch.channel, stream.delta());
        break;
      }
      gateway.frame(gateway.watch.channel, last);
      if (random() < 0.5) page.paint();
      if (fate > 0.97) {
        outcomes.repeated += 1;
        gateway.frame(gateway.watch.channel, last);
        break;
      }
    }
    churn();
    cutAndReturn();
  }
  gateway.hello();
  const stream = new SyntheticStream(cluster);
  const token = gateway.watch.subscribe.resume[0]?.resumeToken;
  say(token && token.length > 1 ? stream.resume(token) : stream.snapshot());
  page.paint();
  expect(page.content()).toEqual(cluster.content());
  expect([page.doubled, page.table.getOutline().total]).toEqual([0, cluster.objects.size]);
  expect(gateway.sockets).toBe(CUTS + 1);
  for (const [outcome, times] of Object.entries(outcomes)) expect(times, outcome).toBeGreaterThan(20);
});
