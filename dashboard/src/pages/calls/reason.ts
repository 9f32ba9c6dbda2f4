/** Why a call ended, or what it does, for a cell of the list. Pure. */
import type { CallListItem } from "./queries";

const DOES: Record<string, string> = {
  scheduled: "Waits for its start time or window.",
  pending: "Waits for somebody to join.",
  queued: "Waits for its turn, or for a redial.",
  connecting: "Rings, or waits for its agent.",
  active: "Person and agent are talking.",
};

export function reasonOf(call: CallListItem, reasons: (reason: string) => string): string {
  if (call.status_reason !== null) return reasons(call.status_reason);
  return DOES[call.status] ?? "";
}
