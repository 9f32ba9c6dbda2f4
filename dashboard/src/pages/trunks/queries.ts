/** Trunks: what is read, and what is changed. */
import { queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { api, body, type Schemas } from "~/api/client";

export type TrunkSummary = Schemas["TrunkSummary"];
export type TrunkView = Schemas["TrunkView"];
export type TrunkActivity = Schemas["TrunkActivity"];

export const trunksQuery = queryOptions({
  queryKey: ["trunks"],
  queryFn: async ({ signal }) => body(api.GET("/api/v1/trunks", { signal })),
});

export function trunkQuery(trunkId: string) {
  return queryOptions({
    queryKey: ["trunks", trunkId],
    queryFn: async ({ signal }) =>
      body(api.GET("/api/v1/trunks/{trunk_id}", { params: { path: { trunk_id: trunkId } }, signal })),
  });
}

/** What a trunk does now; `seconds` is how far its starts go back. */
export function activityQuery(trunkId: string, seconds: number) {
  return queryOptions({
    queryKey: ["trunks", trunkId, "activity", seconds],
    queryFn: async ({ signal }) => {
      const params = { path: { trunk_id: trunkId }, query: { seconds } };
      return body(api.GET("/api/v1/trunks/{trunk_id}/activity", { params, signal }));
    },
  });
}

/** Pauses, resumes or limits a trunk, and reads it anew. */
export function useChangeTrunk(trunkId: string) {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (change: Partial<Schemas["TrunkChange"]>) =>
      body(
        api.PATCH("/api/v1/trunks/{trunk_id}", {
          params: { path: { trunk_id: trunkId } },
          body: change,
        }),
      ),
    onSettled: () => queryClient.invalidateQueries({ queryKey: ["trunks"] }),
  });
}
