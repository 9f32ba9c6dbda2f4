/** When a read is tried again. Pure, but for chance. */
import { ApiError } from "./errors";

const MOST_RETRIES = 3;
const LONGEST_MS = 30_000;
const LONGEST_SILENCE_S = 2;
const RECOVERY_MS = 10_000;

/** Whether to try again after the `failures`-th failure, counted from 0. A longer wait is shown as what it is. */
export function shouldRetry(failures: number, error: Error): boolean {
  // A query that is no longer wanted does not ask: this one is, and its request was aborted all the same.
  if (error.name === "AbortError") return failures < MOST_RETRIES;
  if (!(error instanceof ApiError) || !error.isTransient || error.type === "timeout") return false;
  return failures < MOST_RETRIES && (error.retryAfterS ?? 0) <= LONGEST_SILENCE_S;
}

/** Milliseconds until a page whose read has failed reads again by itself; false if that cannot help. */
export function recoveryMs(error: Error | null): number | false {
  if (!(error instanceof ApiError) || !error.isTransient) return false;
  return Math.max(RECOVERY_MS, (error.retryAfterS ?? 0) * 1000);
}

/** Milliseconds until the next try: what the API asks for, or 0.5, 1, 2 … s, up to a half less by chance. */
export function retryDelayMs(failures: number, error: Error, chance: () => number = Math.random): number {
  const asked = error instanceof ApiError ? error.retryAfterS : undefined;
  const backoffMs = asked === undefined ? 500 * 2 ** failures : asked * 1000;
  const spread = asked === undefined ? 1 - chance() / 2 : 1 + chance() / 10;
  return Math.min(LONGEST_MS, backoffMs * spread);
}
