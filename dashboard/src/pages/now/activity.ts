/** A trunk's activity as a chart and in words, and how often it is read. Pure. */
import type { TrunkActivity, TrunkSummary } from "../trunks/queries";

export const CHART_SECONDS = 120;
const FASTEST_MS = 2_000;
const IDLE_MS = 3_000;
const SLOWEST_IDLE_MS = 15_000;

/** The start of each bar, in seconds since 1970. */
export function barTimesS(activity: Pick<TrunkActivity, "starts_from" | "starts">): number[] {
  const fromS = Date.parse(activity.starts_from) / 1000;
  return activity.starts.map((_, index) => fromS + index);
}

/** The budget as a line through the whole chart. */
export function budgetLine(activity: Pick<TrunkActivity, "starts" | "cps">): number[] {
  return activity.starts.map(() => activity.cps);
}

/** The chart in a sentence: "Starts of each second: 3 at the last one, at most 5 in 2 minutes; budget 5 a second". */
export function chartSummary(activity: Pick<TrunkActivity, "starts" | "cps">): string {
  const { total, most, latest } = startFigures(activity.starts);
  const minutes = Math.round(activity.starts.length / 60);
  return `Starts of each second: ${latest} in the latest, at most ${most}, ${total} in ${minutes} min. The budget is ${rateText(activity.cps)}.`;
}

export function startFigures(starts: number[]): { total: number; most: number; latest: number } {
  return {
    total: starts.reduce((sum, each) => sum + each, 0),
    most: Math.max(0, ...starts),
    latest: starts.at(-1) ?? 0,
  };
}

/** "5/s"; below one a second, "1 in 4 s". */
export function rateText(perSecond: number): string {
  if (perSecond === 0) return "0/s";
  if (perSecond >= 1) return `${Number(perSecond.toFixed(1))}/s`;
  return `1 in ${Number((1 / perSecond).toFixed(1))} s`;
}

/** Whether something happens on a trunk, or waits to. */
export function isBusy(
  trunk: Pick<TrunkSummary, "state" | "waiting" | "in_progress" | "paused_until">,
): boolean {
  return (
    trunk.state === "dialing" || trunk.waiting > 0 || trunk.in_progress > 0 || trunk.paused_until !== null
  );
}

/** Whether nothing happened on a trunk in the time of its chart, and nothing holds it up. */
export function isQuiet(
  activity: Pick<TrunkActivity, "state" | "waiting" | "in_progress" | "paused_until" | "starts">,
): boolean {
  return !isBusy(activity) && activity.state === "idle" && startFigures(activity.starts).total === 0;
}

/** How many trunks a page shows, and on how many of them something happens: they share its requests. */
export interface Shares {
  busy: number;
  all: number;
}

/**
 * How often the activity of a trunk is read, in milliseconds. All busy trunks of a page together cost at most one
 * request a second, and all idle ones one in three, so that ten open pages stay within a key's requests.
 */
export function activityIntervalMs(trunk: Parameters<typeof isBusy>[0], { busy, all }: Shares): number {
  if (isBusy(trunk)) return Math.max(FASTEST_MS, busy * 1_000);
  return Math.min(SLOWEST_IDLE_MS, all * IDLE_MS);
}

/** "1 call waits", "12 calls wait", "at least 500 calls wait". */
export function waitingCount(calls: number, isMinimum: boolean): string {
  const count = `${calls.toLocaleString("en")} ${calls === 1 ? "call" : "calls"}`;
  return isMinimum ? `at least ${count}` : count;
}

/** When the first of some waiting calls may go on; while the circuit breaker pauses the trunk, none goes before. */
export function waitsUntil(
  activity: Pick<TrunkActivity, "paused_reason" | "paused_until">,
  wait: Pick<TrunkActivity["waiting_for"][number], "next_at" | "queue_state">,
): string | null {
  const isPausedForLong = activity.paused_reason !== null && activity.paused_until === null;
  if (isPausedForLong) return null;
  const times = [wait.next_at, activity.paused_until].filter((time) => time !== null);
  return times.sort((one, other) => Date.parse(one) - Date.parse(other)).at(-1) ?? null;
}
