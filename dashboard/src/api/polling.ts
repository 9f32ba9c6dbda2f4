/** How often an open page asks the API: while its tab is seen, and less often after a 429. */

const SLOWER = 4;
const LEAST_PAUSE_S = 60;
let limitedUntilMs = 0;

/** Notes a 429: pages poll more slowly for a minute, or for as long as the API asks. */
export function noteLimit(retryAfterS = 0, nowMs = Date.now()): void {
  limitedUntilMs = Math.max(limitedUntilMs, nowMs + Math.max(LEAST_PAUSE_S, retryAfterS) * 1000);
}

/** Milliseconds between two polls. */
export function pollIntervalMs(everyMs: number, nowMs = Date.now()): number {
  return nowMs < limitedUntilMs ? everyMs * SLOWER : everyMs;
}

/** Forgets a 429: for tests. */
export function forgetLimit(): void {
  limitedUntilMs = 0;
}
