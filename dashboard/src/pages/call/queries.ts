/** What the page of a call reads beside the call itself. */
import { infiniteQueryOptions, keepPreviousData, queryOptions } from "@tanstack/react-query";
import { api, body, type Schemas } from "~/api/client";

const onCall = (callId: string) => ({ path: { call_id: callId } });

/** The call's deliveries, redeliveries included. */
export function deliveriesQuery(callId: string) {
  return queryOptions({
    queryKey: ["call", callId, "deliveries"],
    queryFn: async ({ signal }) =>
      (await body(api.GET("/api/v1/deliveries", { params: { query: { call_id: callId } }, signal }))).data,
  });
}

/** The endpoints, for their addresses. */
export const endpointsQuery = queryOptions({
  queryKey: ["webhooks", "addresses"],
  staleTime: 60_000,
  queryFn: async ({ signal }) => (await body(api.GET("/api/v1/webhooks", { signal }))).data,
});

/** What is said after the part of the transcript that the call has. */
export function transcriptQuery(callId: string, cursor: string | null) {
  return infiniteQueryOptions({
    queryKey: ["call", callId, "transcript", cursor],
    enabled: false,
    initialPageParam: cursor,
    queryFn: async ({ pageParam, signal }) => {
      const query = pageParam === null ? {} : { cursor: pageParam };
      return body(
        api.GET("/api/v1/calls/{call_id}/transcript", { params: { ...onCall(callId), query }, signal }),
      );
    },
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  });
}

/** The call's tool invocations, with what went in and came out where the tool records it. */
export function toolsQuery(callId: string, lastEvent: number) {
  return queryOptions({
    queryKey: ["call", callId, "tools", lastEvent],
    placeholderData: keepPreviousData,
    queryFn: async ({ signal }) => {
      const found: Schemas["CallEventView"][] = [];
      let cursor: string | null = null;
      do {
        const query: { cursor?: string } = cursor === null ? {} : { cursor };
        const page = await body(
          api.GET("/api/v1/calls/{call_id}/events", { params: { ...onCall(callId), query }, signal }),
        );
        found.push(...page.data.filter(({ type }) => type === "tool_invoked"));
        cursor = page.next_cursor;
      } while (cursor !== null);
      return found;
    },
  });
}
