/** What a trunk's words mean, in sentences. Pure. Source: `docs/trunks.md`. */
import type { Tone } from "~/theme/tones";
import type { TrunkActivity, TrunkSummary } from "./queries";

const PAUSES: Record<string, string> = {
  paused_by_operator: "Paused by the operator, who alone can end it.",
  paused_by_request: "Paused by request. It dials again when somebody resumes it.",
};

const FAILURES: Record<string, string> = {
  trunk_unavailable: "the carrier could not take several calls in a row.",
  trunk_auth_failed: "the trunk's credentials are missing or wrong.",
  trunk_unreachable: "the trunk's address does not resolve, or refuses the connection.",
  trunk_no_response: "the carrier does not respond.",
  media_failed: "there is no audio codec in common with the carrier.",
};

/** Why a trunk is paused: `carrier_failing: SIP 503`, `carrier_failing: media_failed`, `livekit_refused: …`. */
export function pauseText(reason: string): string {
  const [kind = "", detail = ""] = reason.split(/: *(.*)/s);
  if (kind === "livekit_refused") return `LiveKit refuses its calls: ${detail}`;
  if (kind === "carrier_failing") return `The circuit breaker paused it: ${failureText(detail)}`;
  return PAUSES[reason] ?? `Paused: ${reason.replaceAll("_", " ")}.`;
}

function failureText(detail: string): string {
  if (detail.startsWith("SIP ")) return `the carrier answered ${detail} several times in a row.`;
  return FAILURES[detail] ?? `${detail.replaceAll("_", " ")}.`;
}

const SLOW: Record<string, string> = {
  carrier_too_fast: "The carrier refused the pace: the lane slowed down, and climbs back by itself.",
  livekit_slow: "LiveKit sends INVITEs late: starts are further apart until it keeps up.",
};

export function slowText(slowedBy: string): string {
  return SLOW[slowedBy] ?? `Slowed down: ${slowedBy.replaceAll("_", " ")}.`;
}

export function trunkTone(state: string): Tone {
  return state === "paused" ? "warn" : state === "dialing" ? "good" : "idle";
}

/** The lane: the right to dial on the trunk, which a dialer holds while there is work. */
export const LANE_WORDS: Record<string, string> = {
  running: "Running",
  backing_off: "Backing off",
  idle: "Idle",
};

/** The breaker in one word or two. */
export function breakerText(breaker: TrunkActivity["breaker"]): string {
  if (breaker.state === "open") return "Open";
  if (breaker.state === "half_open") return "Half open";
  return "Closed";
}

/** What follows the breaker's word. */
export function breakerNote(breaker: TrunkActivity["breaker"]): string | undefined {
  if (breaker.state === "half_open") return "one call at a time";
  const failures = breaker.failures_in_a_row;
  return failures === 0 ? undefined : `${failures} ${failures === 1 ? "failure" : "failures"} in a row`;
}

/** Why a tenant cannot change the trunk though it has the right; null if it can. */
export function whyNotChangeable(trunk: Pick<TrunkSummary, "shared">): string | null {
  return trunk.shared ? "Other tenants use this trunk, so only the operator can change it." : null;
}

/** Why a tenant cannot pause or resume it. */
export function whyNotPausable(trunk: Pick<TrunkSummary, "shared" | "paused_reason">): string | null {
  if (trunk.paused_reason === "paused_by_operator") return "The operator paused it, and alone can resume it.";
  return whyNotChangeable(trunk);
}

/** The limit of concurrent calls in force: the lower of the trunk's and the tenant's own. */
export function concurrencyLimit(
  trunk: Pick<TrunkSummary, "max_concurrent_calls" | "tenant_max_concurrent_calls">,
): number | null {
  const limits = [trunk.max_concurrent_calls, trunk.tenant_max_concurrent_calls].filter(
    (limit) => limit !== null,
  );
  return limits.length === 0 ? null : Math.min(...limits);
}

/** "trunk.paused" → "Paused", "paused_by_request" → "by request". */
export function eventWords(event: { type: string; reason: string }): { what: string; why: string } {
  const what =
    event.type === "trunk.paused" ? "Paused" : event.type === "trunk.resumed" ? "Resumed" : event.type;
  return { what, why: EVENT_REASONS[event.reason] ?? event.reason.replaceAll("_", " ") };
}

const EVENT_REASONS: Record<string, string> = {
  paused_by_request: "by request",
  resumed_by_request: "by request",
  paused_by_operator: "by the operator",
  resumed_by_operator: "by the operator",
  livekit_changed: "the LiveKit project was changed",
  carrier_answers: "the carrier answers again",
};
