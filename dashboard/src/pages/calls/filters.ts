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

/** How far back the list goes, in minutes. */
export const PERIODS = { "15m": 15, "1h": 60, "24h": 1_440, "7d": 10_080, "30d": 43_200 } as const;
export type Period = keyof typeof PERIODS;
const PERIOD_NAMES = Object.keys(PERIODS) as Period[];

export interface CallFilters {
  status?: (typeof STATUSES)[number] | undefined;
  phone_number?: string | undefined;
  user_id?: string | undefined;
  metadata?: string | undefined;
  failure_reason?: string | undefined;
  agent_id?: string | undefined;
  workflow_slug?: string | undefined;
  trunk_id?: string | undefined;
  since?: Period | undefined;
}

export interface CallsSearch extends CallFilters {
  view?: "refused" | undefined;
}

export function callsSearch(search: Record<string, unknown>): CallsSearch {
  return { ...callFilters(search), view: oneOf(search.view, ["refused"] as const) };
}

export function callFilters(search: Record<string, unknown>): CallFilters {
  return {
    status: oneOf(search.status, STATUSES),
    phone_number: numberText(search.phone_number),
    user_id: textOf(search.user_id),
    metadata: textOf(search.metadata),
    failure_reason: textOf(search.failure_reason, 40),
    agent_id: textOf(search.agent_id, 60),
    workflow_slug: textOf(search.workflow_slug, 64),
    trunk_id: textOf(search.trunk_id, 60),
    since: oneOf(search.since, PERIOD_NAMES),
  };
}

/** A "+" in an address is a space to some programs, and digits alone are a number to the router. */
function numberText(value: unknown): string | undefined {
  const text = textOf(value, 20)?.trim();
  return text && /^\d+$/.test(text) ? `+${text}` : text;
}

/** The API's parameters for the filters. The time is a whole minute, so that a poll asks for the same list. */
export function queryOf({ since, ...filters }: CallFilters, nowMs: number): Record<string, string> {
  const query: Record<string, string> = {};
  for (const [name, value] of Object.entries(filters)) {
    if (typeof value === "string") query[name] = value;
  }
  if (since) {
    const minute = Math.floor(nowMs / 60_000) - PERIODS[since];
    query.created_after = new Date(minute * 60_000).toISOString();
  }
  return query;
}

/** Whether the API can wait for a change of the list: not where it must read each call. */
export function canBeFollowed(filters: CallFilters): boolean {
  return !filters.failure_reason && !filters.trunk_id && !filters.metadata;
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** What a person looks for: one call, or those of a number, of a user, or with a value in their metadata. */
export function lookFor(text: string): { callId: string } | { filters: CallFilters } {
  const wanted = text.trim();
  const none = { phone_number: undefined, user_id: undefined, metadata: undefined };
  if (UUID.test(wanted)) return { callId: wanted.toLowerCase() };
  if (wanted === "") return { filters: none };
  if (wanted.startsWith("+"))
    return { filters: { ...none, phone_number: `+${wanted.replaceAll(/\D/g, "")}` } };
  if (wanted.indexOf("=") > 0) return { filters: { ...none, metadata: wanted } };
  return { filters: { ...none, user_id: wanted } };
}

/** What stands in the search field. */
export function lookedFor({ phone_number, metadata, user_id }: CallFilters): string {
  return phone_number ?? metadata ?? user_id ?? "";
}
