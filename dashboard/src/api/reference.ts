/** The API's own sentences for its words: reasons, queue states, scopes, test numbers. */
import { queryOptions, useQuery } from "@tanstack/react-query";
import { useCallback } from "react";
import { api, body } from "./client";

export const referenceQuery = queryOptions({
  queryKey: ["reference"],
  queryFn: async ({ signal }) => body(api.GET("/api/v1/reference", { signal })),
  staleTime: Infinity,
});

/** The sentence for a reason why a call ended; without the sentence, the word itself. */
export function useReasonTexts(): (reason: string) => string {
  const { data } = useQuery(referenceQuery);
  return useCallback((reason) => data?.reasons[reason] ?? reason.replaceAll("_", " "), [data]);
}
