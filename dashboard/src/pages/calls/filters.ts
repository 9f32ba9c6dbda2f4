/** The filters of the list of calls, as they stand in the URL. Pure. */
import { oneOf, textOf } from "~/lib/search";

export const STATUSES = [
  "scheduled",
  "pending",
  "queued",
  "connecting",
  "active",
  "completed",
  "failed",
  "cancelled",
  "disconnected",
  "timeout",
] as const;

export interface CallFilters {
  status?: (typeof STATUSES)[number] | undefined;
  phone_number?: string | undefined;
  user_id?: string | undefined;
}

export function callFilters(search: Record<string, unknown>): CallFilters {
  return {
    status: oneOf(search.status, STATUSES),
    phone_number: numberText(search.phone_number),
    user_id: textOf(search.user_id),
  };
}

/** A "+" in an address is a space to some programs, and digits alone are a number to the router. */
function numberText(value: unknown): string | undefined {
  const text = textOf(value, 20)?.trim();
  return text && /^\d+$/.test(text) ? `+${text}` : text;
}
