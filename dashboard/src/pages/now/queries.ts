/** What happened of late: counts of calls, and repairs. */
import { infiniteQueryOptions, keepPreviousData, queryOptions } from "@tanstack/react-query";
import { api, body, type Schemas } from "~/api/client";

export type Statistics = Schemas["StatisticsView"];
export type Repair = Schemas["RepairView"];

const REPAIRS_AT_ONCE = 10;

export function statisticsQuery(minutes: number) {
  return queryOptions({
    queryKey: ["statistics", minutes],
    queryFn: async ({ signal }) =>
      body(api.GET("/api/v1/statistics", { params: { query: { minutes } }, signal })),
    // The counts of the last hour stay in sight while those of the last day are read.
    placeholderData: keepPreviousData,
  });
}

export const repairsQuery = infiniteQueryOptions({
  queryKey: ["repairs"],
  initialPageParam: undefined as string | undefined,
  queryFn: async ({ pageParam, signal }) => {
    const query = { limit: REPAIRS_AT_ONCE, ...(pageParam ? { cursor: pageParam } : {}) };
    return body(api.GET("/api/v1/repairs", { params: { query }, signal }));
  },
  getNextPageParam: (page) => page.next_cursor ?? undefined,
});
