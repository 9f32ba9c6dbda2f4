import { infiniteQueryOptions } from "@tanstack/react-query";
import { api, body, type Schemas } from "~/api/client";
import { serverNowMs } from "~/lib/clock";
import { queryOf, type CallFilters } from "./filters";

export type CallListItem = Schemas["CallListItem"];
export type CallPageOfList = Schemas["CallList"];

const PAGE_SIZE = 100;
const WAIT_S = 20;

/** The calls that match, newest first, a page at a time. */
export function callsQuery(filters: CallFilters) {
  return infiniteQueryOptions({
    queryKey: ["calls", filters],
    initialPageParam: undefined as string | undefined,
    queryFn: async ({ pageParam, signal }) => {
      const query = {
        ...queryOf(filters, serverNowMs()),
        limit: PAGE_SIZE,
        ...(pageParam ? { cursor: pageParam } : {}),
      };
      return body(api.GET("/api/v1/calls", { params: { query }, signal }));
    },
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  });
}

/** The first page, as soon as it is another one than that of this version. */
export async function nextVersion(
  filters: CallFilters,
  version: string,
  signal: AbortSignal,
): Promise<CallPageOfList> {
  const query = { ...queryOf(filters, serverNowMs()), limit: PAGE_SIZE, wait: WAIT_S, after: version };
  return body(api.GET("/api/v1/calls", { params: { query }, signal }));
}

/** Refused requests for a number, newest first. */
export function refusalsQuery(phoneNumber: string) {
  return infiniteQueryOptions({
    queryKey: ["refusals", phoneNumber],
    initialPageParam: undefined as string | undefined,
    queryFn: async ({ pageParam, signal }) => {
      const query = { phone_number: phoneNumber, limit: 100, ...(pageParam ? { cursor: pageParam } : {}) };
      return body(api.GET("/api/v1/refusals", { params: { query }, signal }));
    },
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  });
}
