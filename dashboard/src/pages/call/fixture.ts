/** A call for tests: a phone call that was busy, and whatever a test changes of it. */
import type { CallView } from "./timeline";

export const START_MS = Date.parse("2026-11-28T09:00:00Z");

export function iso(afterS: number): string {
  return new Date(START_MS + afterS * 1000).toISOString();
}

export function aCall(change: Partial<CallView> = {}): CallView {
  const known: Partial<CallView> = {
    call_id: "540fd075-0000-4000-8000-000000000000",
    status: "failed",
    status_reason: "dial_busy",
    channel: "phone",
    livemode: true,
    phone_number: "+15550100002",
    metadata: {},
    created_at: iso(0),
    preparing_at: null,
    connecting_at: iso(1),
    answered_at: null,
    ended_at: iso(3),
    erased_at: null,
    queue_state: null,
    queue_text: null,
    queue_position: null,
    estimated_start: null,
    earliest_at: null,
    cancel_requested: false,
    reason_text: "The line was busy (SIP 486).",
    detail: "Busy Here",
    sip_status_code: 486,
    batch: null,
    attempts: [],
    timeline: [],
  };
  const data: Partial<CallView["data"]> = { metadata: { source: "api" } };
  known.data = data as CallView["data"];
  return { ...known, ...change } as CallView;
}

export function anAttempt(change: Partial<CallView["attempts"][number]> = {}): CallView["attempts"][number] {
  return {
    number: 1,
    room_name: null,
    connecting_at: iso(1),
    answered_at: null,
    ended_at: iso(3),
    reason: "dial_busy",
    reason_text: "The line was busy (SIP 486).",
    sip_status_code: 486,
    sip_call_id: null,
    detail: "Busy Here",
    returned: false,
    ...change,
  };
}
