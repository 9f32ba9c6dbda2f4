/** Tones: what a color says. Every status has one, and its text beside it: no color speaks alone. */

export type Tone = "good" | "bad" | "warn" | "info" | "later" | "idle";

const TONES: Record<string, Tone> = {
  active: "good",
  answered: "good",
  cancelled: "idle",
  completed: "good",
  connecting: "warn",
  delivered: "good",
  disabled: "idle",
  disconnected: "warn",
  enabled: "good",
  failed: "bad",
  importing: "info",
  inactive: "idle",
  paused: "warn",
  pending: "info",
  queued: "info",
  ringing: "warn",
  running: "good",
  scheduled: "later",
  timeout: "warn",
};

/** The tone of a status of calls, batches, schedules, endpoints and deliveries; idle for an unknown one. */
export function toneOf(status: string): Tone {
  return TONES[status] ?? "idle";
}

/** Whether a status is one that something happens in right now. */
export function isMoving(status: string): boolean {
  return ["active", "connecting", "ringing", "running", "importing"].includes(status);
}
