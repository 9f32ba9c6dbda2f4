/** When a request is sent again, and after which pause. Pure, but for chance. */
import { ApiError, NoResponse, UNEXPECTED } from "./errors.js";

/**
 * How long a request is tried. No attempt begins later than `deadlineS` after the first failure; 0 sends each request
 * once. The time of the first attempt does not count: a long poll may take longer than the deadline.
 * Where the API names no pause, it is `firstPauseS`, doubled with each failure up to `longestPauseS`, and up to a half
 * less by chance.
 */
export interface Retries {
  deadlineS: number;
  firstPauseS: number;
  longestPauseS: number;
}

export const DEFAULT_RETRIES: Retries = { deadlineS: 30, firstPauseS: 0.5, longestPauseS: 10 };

/** Idempotent methods: https://www.rfc-editor.org/rfc/rfc9110#section-9.2.2 */
const REPEATABLE = new Set(["GET", "HEAD", "PUT", "DELETE"]);
/** The first attempt is still running, or was withdrawn: docs/errors.md of the API. */
const RETRIED_TYPES = new Set(["idempotency_in_progress", "queue_unavailable"]);

/** The attempts of one request: `failures` before this one, and seconds since the first failure. */
export interface Attempts {
  failures: number;
  elapsedS: number;
}

/** Seconds until the next attempt, or null if there is none. */
export function pauseS(
  request: Request,
  failure: ApiError | NoResponse,
  { failures, elapsedS }: Attempts,
  retries: Retries,
): number | null {
  if (!mayRepeat(request, failure)) return null;
  const pause = pauseAfter(failure, failures, retries);
  return elapsedS + pause < retries.deadlineS ? pause : null;
}

function pauseAfter(failure: ApiError | NoResponse, failures: number, retries: Retries): number {
  const askedS = failure instanceof ApiError ? failure.retryAfterS : undefined;
  // A little later, and never earlier: many clients may have been told the same.
  if (askedS !== undefined) return askedS * (1 + Math.random() / 10);
  return Math.min(retries.longestPauseS, retries.firstPauseS * 2 ** failures) * (1 - Math.random() / 2);
}

/** Whether the request may be sent again, and could then succeed. */
function mayRepeat(request: Request, failure: ApiError | NoResponse): boolean {
  const isRepeatable = REPEATABLE.has(request.method) || request.headers.has("idempotency-key");
  if (failure instanceof NoResponse) return isRepeatable || !failure.wasSent;
  if (failure.status === 429) return true; // it was refused, and so not carried out
  return (
    isRepeatable &&
    (failure.status === 503 ||
      RETRIED_TYPES.has(failure.type) ||
      (failure.type === UNEXPECTED && failure.status >= 500))
  );
}
