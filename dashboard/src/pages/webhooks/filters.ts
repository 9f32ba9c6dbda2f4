/** The tab, the filters of the deliveries and the opened delivery, as they stand in the URL. Pure. */
import { flagOf, oneOf, textOf, timeOf } from "~/lib/search";
import { EVENT_TYPES } from "./events";

export const STATES = ["pending", "succeeded", "failed"] as const;
export const TABS = ["deliveries", "settings", "verify"] as const;
export type Tab = (typeof TABS)[number];

export interface DeliveryFilters {
  state?: (typeof STATES)[number] | undefined;
  event_type?: (typeof EVENT_TYPES)[number] | undefined;
  call_id?: string | undefined;
  since?: string | undefined;
}

export interface WebhookSearch extends DeliveryFilters {
  tab?: Tab | undefined;
  /** The delivery in the side panel. */
  delivery?: string | undefined;
}

export function webhookSearch(search: Record<string, unknown>): WebhookSearch {
  return {
    tab: oneOf(search.tab, TABS),
    state: oneOf(search.state, STATES),
    event_type: oneOf(search.event_type, EVENT_TYPES),
    call_id: textOf(search.call_id, 36),
    since: timeOf(search.since),
    delivery: textOf(search.delivery, 80),
  };
}

export function deliveryFilters({ state, event_type, call_id, since }: WebhookSearch): DeliveryFilters {
  return { state, event_type, call_id, since };
}

export interface WebhooksSearch {
  /** The form of a new webhook is open. */
  new?: true | undefined;
}

export function webhooksSearch(search: Record<string, unknown>): WebhooksSearch {
  return { new: flagOf(search.new) };
}
