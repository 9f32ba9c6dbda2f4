/**
 * How many requests a tab's long polls send: a change in a quiet time is fetched at once, and one after the other
 * where something changes all the time. Ten tabs stay within a key's 600 a minute, with what they poll besides.
 */
import { pause } from "./pauses";

const AT_ONCE = 6;
const PER_MINUTE = 42;

export interface RequestBudget {
  /** Takes a request, and says in how many milliseconds it may be sent. */
  take: (nowMs: number) => number;
  /** Takes back a request that was not sent. */
  giveBack: () => void;
}

/** A token bucket: `atOnce` requests, then `perMinute`. Pure, but for what it has handed out. */
export function requestBudget(atOnce: number, perMinute: number): RequestBudget {
  const everyMs = 60_000 / perMinute;
  let nextMs = -Infinity;
  return {
    take: (nowMs) => {
      nextMs = Math.max(nextMs, nowMs - (atOnce - 1) * everyMs);
      const inMs = Math.max(0, nextMs - nowMs);
      nextMs += everyMs;
      return inMs;
    },
    giveBack: () => {
      nextMs -= everyMs;
    },
  };
}

const budget = requestBudget(AT_ONCE, PER_MINUTE);

/** Waits until the next request of a long poll may be sent. A page that is left meanwhile sends none. */
export async function untilAffordable(signal: AbortSignal): Promise<void> {
  await pause(budget.take(performance.now()) / 1000, signal);
  if (signal.aborted) budget.giveBack();
}
