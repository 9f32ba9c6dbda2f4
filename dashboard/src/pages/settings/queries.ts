import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { api, body, type Schemas } from "~/api/client";
import type { AuditFilters } from "./filters";

export type ApiKey = Schemas["ApiKeyView"];
export type ApiKeyWithSecret = Schemas["ApiKeyWithSecret"];
export type OpenSession = Schemas["OpenSessionView"];
export type AuditEntry = Schemas["AuditEntryView"];

const AUDIT_PAGE = 100;

const next = (page: { next_cursor: string | null }) => page.next_cursor ?? undefined;
const first = undefined as string | undefined;

export const keysQuery = infiniteQueryOptions({
  queryKey: ["api-keys"],
  initialPageParam: first,
  queryFn: ({ pageParam, signal }) =>
    body(api.GET("/api/v1/api-keys", { params: { query: pageParam ? { cursor: pageParam } : {} }, signal })),
  getNextPageParam: next,
});

export const sessionsQuery = infiniteQueryOptions({
  queryKey: ["sessions"],
  initialPageParam: first,
  queryFn: ({ pageParam, signal }) =>
    body(api.GET("/api/v1/sessions", { params: { query: pageParam ? { cursor: pageParam } : {} }, signal })),
  getNextPageParam: next,
});

/** The audit log, newest first. */
export function auditQuery(filters: AuditFilters) {
  return infiniteQueryOptions({
    queryKey: ["audit", filters],
    initialPageParam: first,
    queryFn: ({ pageParam, signal }) => {
      const query = { ...filters, limit: AUDIT_PAGE, ...(pageParam ? { cursor: pageParam } : {}) };
      return body(api.GET("/api/v1/audit", { params: { query }, signal }));
    },
    getNextPageParam: next,
  });
}

export const limitsQuery = queryOptions({
  queryKey: ["limits"],
  queryFn: ({ signal }) => body(api.GET("/api/v1/limits", { signal })),
});

export const liveKitQuery = queryOptions({
  queryKey: ["livekit"],
  queryFn: ({ signal }) => body(api.GET("/api/v1/livekit", { signal })),
});

export function keyQuery(id: string) {
  return queryOptions({
    queryKey: ["api-key", id],
    queryFn: ({ signal }) =>
      body(api.GET("/api/v1/api-keys/{key_id}", { params: { path: { key_id: id } }, signal })),
  });
}
