/** What a schedule is now, and when it runs, in words. Pure. */
import type { Schedule } from "./queries";

export function stateOf(schedule: Schedule): string {
  if (!schedule.enabled) return "paused";
  return schedule.next_runs.length === 0 ? "over" : "enabled";
}

export function whenText({ cron, rate, at, timezone }: Schedule): string {
  if (cron) return `${cron} (${timezone})`;
  return rate ? `Every ${rate}` : `Once, at ${at ?? "?"}`;
}
