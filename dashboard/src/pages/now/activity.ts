/** A trunk's activity as a chart and in words. Pure. */
import type { TrunkActivity, TrunkSummary } from "../trunks/queries";

type Starts = Pick<TrunkActivity, "starts_from" | "starts">;

/** The chart moves on while nothing changes: a start would have been a change. */
export function movedTo<Activity extends Starts>(activity: Activity, nowMs: number): Activity {
  const fromMs = Date.parse(activity.starts_from);
  const length = activity.starts.length;
  const later = Math.max(0, Math.floor((nowMs - fromMs) / 1000) - length);
  const nothing = Array.from({ length: Math.min(later, length) }, () => 0);
  return {
    ...activity,
    starts_from: new Date(fromMs + later * 1000).toISOString(),
    starts: [...activity.starts.slice(later), ...nothing],
  };
}

/** The start of each bar, in seconds since 1970. */
export function barTimesS(activity: Starts): number[] {
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
