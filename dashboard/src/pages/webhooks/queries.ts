import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { api, body, type Schemas } from "~/api/client";
import type { DeliveryFilters } from "./filters";

export type Webhook = Schemas["WebhookView"];
export type WebhookWithSecret = Schemas["WebhookWithSecret"];
export type Delivery = Schemas["DeliveryView"];
export type Attempt = Schemas["DeliveryAttempt"];

const PAGE_SIZE = 50;

export const webhooksQuery = queryOptions({
  queryKey: ["webhooks"],
  queryFn: ({ signal }) => body(api.GET("/api/v1/webhooks", { signal })),
});

export function webhookQuery(id: string) {
  return queryOptions({
    queryKey: ["webhook", id],
    queryFn: ({ signal }) =>
      body(api.GET("/api/v1/webhooks/{webhook_id}", { params: { path: { webhook_id: id } }, signal })),
  });
}

/** The deliveries that match, newest first, a page at a time. */
export function deliveriesQuery(id: string, filters: DeliveryFilters) {
  return infiniteQueryOptions({
    queryKey: ["deliveries", id, filters],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam, signal }) => {
      const query = { ...filters, limit: PAGE_SIZE, ...(pageParam ? { cursor: pageParam } : {}) };
      const params = { path: { webhook_id: id }, query };
      return body(api.GET("/api/v1/webhooks/{webhook_id}/deliveries", { params, signal }));
    },
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  });
}

export function deliveryQuery(id: string) {
  return queryOptions({
    queryKey: ["delivery", id],
    queryFn: ({ signal }) =>
      body(api.GET("/api/v1/deliveries/{delivery_id}", { params: { path: { delivery_id: id } }, signal })),
  });
}

/** The request of a delivery's latest attempt; a new one after each attempt. */
export function deliveryRequestQuery(id: string, attempts: number) {
  return queryOptions({
    queryKey: ["delivery-request", id, attempts],
    staleTime: Infinity,
    queryFn: ({ signal }) =>
      body(
        api.GET("/api/v1/deliveries/{delivery_id}/request", {
          params: { path: { delivery_id: id } },
          signal,
        }),
      ),
  });
}
