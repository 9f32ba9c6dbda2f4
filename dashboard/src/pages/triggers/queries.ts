/** Triggers: what is read, and what is changed. */
import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { api, body, type Schemas } from "~/api/client";

export type Trigger = Schemas["TriggerView"];
export type TriggerWithSecret = Schemas["TriggerWithSecret"];
export type TriggerSpec = Schemas["TriggerSpec"];
export type ReceivedEvent = Schemas["ReceivedView"];

export const triggersQuery = infiniteQueryOptions({
  queryKey: ["triggers"],
  initialPageParam: undefined as string | undefined,
  queryFn: async ({ pageParam, signal }) =>
    body(api.GET("/api/v1/triggers", { params: { query: pageParam ? { cursor: pageParam } : {} }, signal })),
  getNextPageParam: (page) => page.next_cursor ?? undefined,
});

export function triggerQuery(triggerId: string) {
  return queryOptions({
    queryKey: ["triggers", triggerId],
    queryFn: async ({ signal }) =>
      body(api.GET("/api/v1/triggers/{trigger_id}", { ...pathOf(triggerId), signal })),
  });
}

/** The last hundred events of a week, with what came of each. */
export function triggerEventsQuery(triggerId: string) {
  return queryOptions({
    queryKey: ["triggers", triggerId, "events"],
    queryFn: async ({ signal }) =>
      body(api.GET("/api/v1/triggers/{trigger_id}/events", { ...pathOf(triggerId), signal })),
  });
}

export function createTrigger(
  spec: TriggerSpec,
  headers: { "Idempotency-Key": string },
): Promise<TriggerWithSecret> {
  return body(api.POST("/api/v1/triggers", { body: spec, params: { header: headers } }));
}

export function changeTrigger(triggerId: string, change: Partial<TriggerSpec>): Promise<Trigger> {
  return body(
    api.PATCH("/api/v1/triggers/{trigger_id}", {
      ...pathOf(triggerId),
      body: change,
    }),
  );
}

export function rotateSecret(triggerId: string): Promise<TriggerWithSecret> {
  return body(api.POST("/api/v1/triggers/{trigger_id}/rotate-secret", pathOf(triggerId)));
}

export function deleteTrigger(triggerId: string): Promise<unknown> {
  return body(api.DELETE("/api/v1/triggers/{trigger_id}", pathOf(triggerId)));
}

function pathOf(triggerId: string) {
  return { params: { path: { trigger_id: triggerId } } };
}
