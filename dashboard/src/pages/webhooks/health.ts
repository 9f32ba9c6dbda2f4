/** Why a webhook or a delivery is as it is, in a sentence. Source: `docs/webhooks.md`. Pure. */
import type { Tone } from "~/theme/tones";
import type { Attempt, Delivery, Webhook } from "./queries";

export interface Health {
  label: string;
  tone: Tone;
  /** Why, and what ends it. */
  text: string;
}

export function healthOf(webhook: Pick<Webhook, "enabled" | "disabled_reason" | "health">): Health {
  const { health } = webhook;
  if (!webhook.enabled)
    return { label: "disabled", tone: "bad", text: disabledText(webhook.disabled_reason) };
  const failures = `${health.consecutive_failures} ${health.consecutive_failures === 1 ? "request" : "requests"}`;
  if (health.state === "resting")
    return {
      label: "resting",
      tone: "bad",
      text: `${failures} in a row failed, so deliveries wait and spend no attempt. One is tried at the time below; the first success, also of a ping, sends all that wait.`,
    };
  if (health.state === "failing")
    return {
      label: "failing",
      tone: "warn",
      text: `${failures} in a row failed. After ten, deliveries wait; after five days of it, the webhook is disabled.`,
    };
  return { label: "healthy", tone: "good", text: "The latest request succeeded, or there was none yet." };
}

function disabledText(reason: string | null): string {
  const ends = "It receives nothing until it is enabled.";
  if (!reason || reason === "by request") return `Somebody disabled it. ${ends}`;
  return `Trunkline disabled it: ${reason}. ${ends} Then recover what failed meanwhile.`;
}

const FAILURES: Record<string, string> = {
  attempts_exhausted: "Every attempt failed.",
  endpoint_gone: "The endpoint answered 410 Gone: nothing more is sent to it.",
  endpoint_deleted: "The webhook was deleted.",
  endpoint_disabled: "The webhook was disabled.",
  expired: "It waited for six days.",
};

/** Why a delivery stands as it does, and what ends a wait. */
export function deliveryText(delivery: Delivery): string {
  const { attempts, failure, state } = delivery;
  if (state === "succeeded") return `Delivered by attempt ${attempts.length} of ${delivery.max_attempts}.`;
  if (state === "failed") return FAILURES[failure ?? ""] ?? `Given up: ${failure ?? "no reason is known"}.`;
  const next = `Attempt ${attempts.length + 1} of ${delivery.max_attempts}`;
  return delivery.next_attempt_at ? `${next} is made at the time below.` : `${next} is being made.`;
}

const ERRORS: Record<string, string> = {
  address_refused: "The address is not public",
  dns_error: "The host name was not found",
  connection_failed: "No connection",
  tls_error: "The certificate is not valid",
  timeout: "No whole response in 15 seconds",
  connection_broken: "The response broke off, or is no valid HTTP",
  invalid_request: "The event cannot be written as a request",
};

/** "200", "500", "No connection". */
export function attemptText(attempt: Pick<Attempt, "status" | "error">): string {
  if (attempt.error) return ERRORS[attempt.error] ?? attempt.error.replaceAll("_", " ");
  return attempt.status === null ? "No response" : String(attempt.status);
}

export function isSuccess(attempt: Pick<Attempt, "status" | "error">): boolean {
  return attempt.error === null && attempt.status !== null && attempt.status >= 200 && attempt.status < 300;
}
