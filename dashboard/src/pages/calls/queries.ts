import { infiniteQueryOptions } from "@tanstack/react-query";
import { api, body, type Schemas } from "~/api/client";
import type { CallFilters } from "./filters";

export type CallListItem = Schemas["CallListItem"];

const PAGE_SIZE = 100;

/** The calls that match, newest first, a page at a time. */
export function callsQuery(filters: CallFilters) {
  return infiniteQueryOptions({
    queryKey: ["calls", filters],
    initialPageParam: undefined as string | undefined,
    queryFn: async ({ pageParam, signal }) => {
      const query = { ...filters, limit: PAGE_SIZE, ...(pageParam ? { cursor: pageParam } : {}) };
      return body(api.GET("/api/v1/calls", { params: { query }, signal }));
    },
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  });
}
