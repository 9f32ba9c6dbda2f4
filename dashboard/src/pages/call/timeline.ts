/** A call's timeline, as `GET /calls/{id}` has it, with its loose entries read. Pure. */
import type { Schemas } from "~/api/client";

export interface TimelineEntry {
  /** `queued`, `connecting`, `tool_invoked` … */
  type: string;
  at: string;
  atMs: number;
  reason: string | null;
  until: string | null;
  sipStatusCode: number | null;
  data: Record<string, unknown>;
}

export type CallView = Schemas["CallView"];

/** The entries in the order of the API; one without a time is left out. */
export function readTimeline(timeline: Record<string, unknown>[]): TimelineEntry[] {
  return timeline.flatMap(({ status, at, ...data }) => {
    const atMs = typeof at === "string" ? Date.parse(at) : Number.NaN;
    if (typeof status !== "string" || typeof at !== "string" || Number.isNaN(atMs)) return [];
    return [
      {
        type: status,
        at,
        atMs,
        reason: textIn(data, "reason"),
        until: textIn(data, "until"),
        sipStatusCode: typeof data.sip_status_code === "number" ? data.sip_status_code : null,
        data,
      },
    ];
  });
}

export function textIn(data: Record<string, unknown>, name: string): string | null {
  const value = data[name];
  return typeof value === "string" && value !== "" ? value : null;
}

/** The calls' final states, in the words of the timeline. */
export const ENDS: ReadonlySet<string> = new Set([
  "completed",
  "failed",
  "cancelled",
  "disconnected",
  "timeout",
]);

/** The status to show: the flat one has no word of its own for a cancelled call. */
export function shownStatus(call: { status: string; status_reason: string | null }): string {
  return call.status === "failed" && call.status_reason === "cancelled" ? "cancelled" : call.status;
}
