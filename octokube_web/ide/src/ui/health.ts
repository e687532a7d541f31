/** Which words mean well, which mean trouble. Colour and shape follow; the word itself is always shown. */
import type { Tone } from "./freshness";
export type Health = Tone;

const GOOD = new Set(["running", "ready", "active", "bound", "available", "complete", "healthy", "approved", "true", "synced", "established", "deployed", "normal"]);
const BUSY = new Set(["pending", "containercreating", "podinitializing", "terminating", "progressing", "waiting", "unknown", "released", "suspended", "warning", "schedulingdisabled", "provisioning", "degraded"]);
const CALM = new Set(["completed", "succeeded", "none", "<none>", "", "-"]);

export function healthOf(word: string): Health {
  const text = word.toLowerCase();
  if (text.includes("notready") || text.startsWith("init:") && /error|crash|backoff/.test(text)) return "bad";
  if (text.startsWith("init:")) return "busy";
  const parts = text.split(",");
  if (parts.some((part) => BUSY.has(part))) return "busy";
  if (parts.every((part) => GOOD.has(part))) return "good";
  if (CALM.has(text)) return "calm";
  if (/error|fail|backoff|oom|evict|crash|lost|invalid|deadline|denied|unhealthy|killed|mismatch|not found/.test(text)) return "bad";
  return "calm";
}
