/** The API's clock: ages are right on a computer whose own clock is wrong. */

const NOTICEABLE_MS = 2_000;
let skewMs = 0;

/** Learns from a response's `Date`, which has whole seconds: half a second is its middle. */
export function observeDate(header: string | null, nowMs = Date.now()): void {
  const served = header === null ? Number.NaN : Date.parse(header);
  if (Number.isNaN(served)) return;
  const difference = served + 500 - nowMs;
  skewMs = Math.abs(difference) < NOTICEABLE_MS ? 0 : difference;
}

/** Now, in milliseconds since 1970, by the API's clock. */
export function serverNowMs(nowMs = Date.now()): number {
  return nowMs + skewMs;
}
