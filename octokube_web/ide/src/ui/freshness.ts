/** Says in a few words how fresh a view is and why: the one rule behind every dot, stripe and banner. */
import type { ClusterHealth, LinkState, ViewStatus } from "../feed/messages";
import { clockTime, count } from "./format";

export const STALE_MS = 10_000;

export type Tone = "good" | "busy" | "bad" | "calm";

export interface Freshness {
  readonly tone: Tone;
  readonly text: string;
  /** A sentence, where there is more to say. */
  readonly detail: string;
  /** Whether what is shown may be out of date: ages stop, a stripe appears. */
  readonly isStale: boolean;
  readonly canRetry: boolean;
}

export function freshnessOf(
  link: LinkState,
  status: ViewStatus | undefined,
  cluster: { readonly name: string; readonly health: ClusterHealth } | undefined,
  now: number,
): Freshness {
  const isSilent = status !== undefined && status.heardAt > 0 && now - status.heardAt > STALE_MS;
  const asOf = status?.asOf ? `As of ${clockTime(status.asOf)}` : "";
  const fresh = { isStale: false, canRetry: false, detail: "" };
  const say = (tone: Tone, text: string, more: Partial<Freshness> = {}): Freshness => ({ ...fresh, tone, text, ...more });

  switch (link.is) {
    case "idle":
    case "signed-out":
      return say("calm", "Signed out");
    case "connecting":
      return say("busy", link.attempt > 0 ? "Reconnecting…" : "Connecting…", { isStale: isSilent, detail: isSilent ? asOf : "" });
    case "waiting": {
      const seconds = Math.max(0, Math.ceil((link.at - now) / 1000));
      const when = seconds > 0 ? ` in ${seconds} s` : "…";
      const why = link.reason ? sentence(link.reason) : "The connection was lost.";
      return say("bad", `Reconnecting${when} (try ${link.attempt})`, {
        isStale: isSilent,
        canRetry: true,
        detail: isSilent ? `${why} ${asOf}` : why,
      });
    }
  }
  if (status?.phase === "failed") return say("bad", "Failed", { detail: status.error?.message ?? "" });
  if (isSilent) return say("busy", `Stale · ${asOf || "nothing heard"}`, { isStale: true, detail: "Nothing was heard for over 10 seconds." });
  const health = status?.health ?? cluster?.health;
  if (health?.condition === "offline") {
    const since = health.since ? ` since ${clockTime(health.since)}` : "";
    return say("bad", `${cluster?.name ?? "Cluster"} offline${since}`, {
      isStale: true,
      detail: health.reason || "No agent is connected; what is shown is the last that was known.",
    });
  }
  if (status?.phase === "opening") return say("busy", "Loading…");
  if (status?.phase === "loading") {
    const of = status.expected ? ` of ~${count(status.expected)}` : "";
    return say("busy", `Loading ${count(status.gathered)}${of}`);
  }
  if (health?.condition === "stale") {
    return say("busy", `Stale · ${asOf}`, { isStale: true, detail: health.reason || "The cluster is still loading." });
  }
  return say("good", "Live", { detail: asOf });
}

function sentence(text: string): string {
  const capital = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(capital) ? capital : `${capital}.`;
}
