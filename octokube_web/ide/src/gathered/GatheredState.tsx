/** How complete and how fresh a drawing of several types is. */
import type { ClusterInfo } from "../feed/messages";
import { useStore } from "../store";
import { clock } from "../ui/clock";
import { useSession } from "../ui/context";
import { count } from "../ui/format";
import { freshnessOf } from "../ui/freshness";
import { Nothing } from "../ui/Nothing";
import { WarnIcon } from "../ui/icons";
import { GATHERED_AT_MOST, type Gathered } from "./use-gathered";

export function GatheredState({ cluster, types, gathered }: { cluster: ClusterInfo; types: readonly string[]; gathered: Gathered<unknown> }) {
  const { feed } = useSession();
  const link = useStore(feed.link);
  const now = useStore(clock);
  if (types.length === 0) return <Nothing kind="hidden" title="Nothing of this is visible to you." />;
  if (gathered.tooMany > 0) {
    return (
      <Nothing kind="empty" title={`About ${count(gathered.tooMany)} objects are too many to draw.`}>
        Choose a namespace: up to {count(GATHERED_AT_MOST)} objects are read for a drawing.
      </Nothing>
    );
  }
  const status = gathered.statuses.find((one) => one?.phase === "live") ?? gathered.statuses.find(Boolean);
  const freshness = freshnessOf(link, status, cluster, now);
  const failed = types.filter((_, index) => gathered.statuses[index]?.phase === "failed");
  const lacking = cluster.types.filter((one) => types.includes(one.type) && one.condition !== "synced");
  return (
    <div className="banners">
      {failed.length > 0 && <p className="banner bad"><WarnIcon /><span>Not shown, because reading failed: {failed.join(", ")}.</span></p>}
      {lacking.map((one) => <p key={one.type} className="banner busy"><WarnIcon /><span>{one.type}: {one.reason || "the agent is still reading this type"}.</span></p>)}
      {freshness.isStale && <p className="banner busy"><WarnIcon /><span>{freshness.text}. {freshness.detail}</span></p>}
    </div>
  );
}
