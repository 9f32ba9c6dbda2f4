/** Calling rules: the suppression list, prefixes, the frequency cap. */
import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { api, body, type Schemas } from "~/api/client";
import { ApiError } from "~/api/errors";
import { wholeNumber } from "./number-list";

export type Suppression = Schemas["SuppressionView"];
export type NumberRules = Schemas["NumberRulesView"];

const PAGE_SIZE = 500;

/** The numbers that must not be called: all of them, or those that begin with what is searched for. */
export function suppressionsQuery(search: string | undefined) {
  return infiniteQueryOptions({
    queryKey: ["suppressions", search],
    initialPageParam: undefined as string | undefined,
    queryFn: async ({ pageParam, signal }) => {
      const query = {
        limit: PAGE_SIZE,
        ...(search ? { starts_with: search } : {}),
        ...(pageParam ? { cursor: pageParam } : {}),
      };
      const page = await body(api.GET("/api/v1/suppressions", { params: { query }, signal }));
      if (page.data.length > 0 || !search || !wholeNumber(search)) return page;
      return { data: await lookUp(search, signal), next_cursor: null };
    },
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  });
}

/** Finds a number that is listed in another spelling. */
async function lookUp(number: string, signal: AbortSignal): Promise<Suppression[]> {
  try {
    return [await body(api.GET("/api/v1/suppressions/{number}", { params: { path: { number } }, signal }))];
  } catch (error) {
    if (error instanceof ApiError && error.kind === "not-found") return [];
    throw error;
  }
}

export const numberRulesQuery = queryOptions({
  queryKey: ["number-rules"],
  queryFn: async ({ signal }) => body(api.GET("/api/v1/number-rules", { signal })),
});

export function suppress(request: Schemas["Suppressions"]): Promise<Schemas["Suppressed"]> {
  return body(api.POST("/api/v1/suppressions", { body: request }));
}

export function release(number: string): Promise<unknown> {
  return body(api.DELETE("/api/v1/suppressions/{number}", { params: { path: { number } } }));
}
