/** The form of a webhook: what is typed, and the request that it becomes. Pure. */
import type { Schemas } from "~/api/client";
import type { Webhook } from "./queries";

export interface Header {
  /** Tells rows apart while they are edited. */
  key: number;
  name: string;
  value: string;
}

export interface Draft {
  url: string;
  description: string;
  /** An empty list means all events. */
  events: string[];
  allEvents: boolean;
  includeTranscript: boolean;
  includeMetrics: boolean;
  headers: Header[];
  maxAttempts: number | string;
  ratePerS: number | string;
}

export function draftOf(webhook?: Webhook): Draft {
  const events = webhook?.filter.events ?? [];
  return {
    url: webhook?.url ?? "",
    description: webhook?.description ?? "",
    events,
    allEvents: events.length === 0,
    includeTranscript: webhook?.filter.include_transcript ?? false,
    includeMetrics: webhook?.filter.include_metrics ?? false,
    headers: Object.entries(webhook?.headers ?? {}).map(([name, value], key) => ({ key, name, value })),
    maxAttempts: webhook?.max_attempts ?? 5,
    ratePerS: webhook?.rate_limit_per_s ?? "",
  };
}

/** The whole webhook. Numbers that are none go as they are: the API says what is wrong with them. */
export function specOf(draft: Draft): Schemas["WebhookSpec"] {
  return {
    url: draft.url.trim(),
    description: draft.description,
    filter: {
      events: draft.allEvents ? [] : draft.events,
      include_transcript: draft.includeTranscript,
      include_metrics: draft.includeMetrics,
    },
    headers: Object.fromEntries(
      draft.headers.filter(({ name }) => name.trim() !== "").map(({ name, value }) => [name.trim(), value]),
    ),
    max_attempts: draft.maxAttempts as number,
    rate_limit_per_s: draft.ratePerS === "" ? null : (draft.ratePerS as number),
  };
}

/** Whether nothing is chosen although a choice is wanted: the API would take it for all events. */
export function lacksEvents(draft: Draft): boolean {
  return !draft.allEvents && draft.events.length === 0;
}
