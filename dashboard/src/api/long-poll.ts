/** When a long poll is sent again. Pure. */

export const WAIT_S = 25;
const LONGEST_S = 30;

interface Outcome {
  /** The API's word, if it had no slot to wait in. */
  pollAfterS?: number;
  /** A failure that can succeed later. */
  isTransient?: boolean;
  retryAfterS?: number | undefined;
}

/** Seconds to the next request: 0 after a success; null if another one makes no sense. */
export function pauseAfterS(outcome: Outcome, failures: number): number | null {
  if (failures === 0) return outcome.pollAfterS ?? 0;
  if (outcome.isTransient !== true) return null;
  return Math.min(LONGEST_S, outcome.retryAfterS ?? 2 ** (failures - 1));
}
