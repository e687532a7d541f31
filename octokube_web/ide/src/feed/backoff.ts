/** How long to wait before the next try: full jitter, so that a thousand pages don't come back at once. */
export const FIRST_SECONDS = 0.5;
export const LIMIT_SECONDS = 15;

/** Seconds before try number `attempt` (1 is the first after a loss): between 0 and a ceiling that doubles. */
export function delaySeconds(attempt: number, random: () => number): number {
  return random() * Math.min(LIMIT_SECONDS, FIRST_SECONDS * 2 ** Math.max(0, attempt - 1));
}
