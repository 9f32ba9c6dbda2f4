import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { api, body, type Schemas } from "~/api/client";
import type { ResultFilters } from "./filters";

export type Batch = Schemas["BatchView"];
export type BatchListItem = Awaited<ReturnType<typeof readPage>>["data"][number];
export type BatchRow = Schemas["BatchRowView"];

const PAGE_SIZE = 100;

function readPage(cursor: string | undefined, signal: AbortSignal) {
  const query = { limit: 25, ...(cursor ? { cursor } : {}) };
  return body(api.GET("/api/v1/batches", { params: { query }, signal }));
}

export const batchesQuery = infiniteQueryOptions({
  queryKey: ["batches", "list"],
  initialPageParam: undefined as string | undefined,
  queryFn: ({ pageParam, signal }) => readPage(pageParam, signal),
  getNextPageParam: (page) => page.next_cursor ?? undefined,
});

export function batchQuery(id: string) {
  return queryOptions({
    queryKey: ["batches", id],
    queryFn: ({ signal }) =>
      body(api.GET("/api/v1/batches/{batch_id}", { params: { path: { batch_id: id } }, signal })),
  });
}

/** Rows in the order of the file; an empty page with a cursor means: go on. */
export function resultsQuery(id: string, filters: ResultFilters) {
  return infiniteQueryOptions({
    queryKey: ["batches", id, "results", filters],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam, signal }) => {
      const query = { ...filters, limit: PAGE_SIZE, ...(pageParam ? { cursor: pageParam } : {}) };
      const params = { path: { batch_id: id }, query };
      return body(api.GET("/api/v1/batches/{batch_id}/results", { params, signal }));
    },
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  });
}

export function exportQuery(id: string) {
  return queryOptions({
    queryKey: ["batches", id, "export"],
    queryFn: ({ signal }) =>
      body(api.GET("/api/v1/batches/{batch_id}/export", { params: { path: { batch_id: id } }, signal })),
  });
}

/** A change of a batch: `POST /batches/{id}/<verb>`. */
export function actOn(id: string, verb: "start" | "pause" | "resume" | "cancel"): Promise<Batch> {
  const params = { path: { batch_id: id } };
  if (verb === "start") return body(api.POST("/api/v1/batches/{batch_id}/start", { params }));
  if (verb === "pause") return body(api.POST("/api/v1/batches/{batch_id}/pause", { params }));
  if (verb === "resume") return body(api.POST("/api/v1/batches/{batch_id}/resume", { params }));
  return body(api.POST("/api/v1/batches/{batch_id}/cancel", { params }));
}
