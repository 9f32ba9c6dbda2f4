/** When a read is tried again. Pure, but for chance. */
import { ApiError } from "./errors";

const MOST_RETRIES = 3;
const LONGEST_MS = 30_000;

/** Whether to try again after the `failures`-th failure, counted from 0. */
export function shouldRetry(failures: number, error: Error): boolean {
  return error instanceof ApiError && error.isTransient && failures < MOST_RETRIES;
}

/** Milliseconds until the next try: what the API asks for, or 0.5, 1, 2 … s, up to a half less by chance. */
export function retryDelayMs(failures: number, error: Error, chance: () => number = Math.random): number {
  const asked = error instanceof ApiError ? error.retryAfterS : undefined;
  const backoffMs = asked === undefined ? 500 * 2 ** failures : asked * 1000;
  const spread = asked === undefined ? 1 - chance() / 2 : 1 + chance() / 10;
  return Math.min(LONGEST_MS, backoffMs * spread);
}
