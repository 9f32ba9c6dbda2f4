/** Trunks: what is read, and what is changed. */
import { queryOptions, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { api, body, type Schemas } from "~/api/client";
import { follow } from "~/api/follow";

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

const CHART_SECONDS = 120;
const WAIT_S = 20;

interface Wait {
  wait?: number;
  after?: string;
}

/** What a trunk, or all trunks, do now, with the starts of the last two minutes. */
function activityQuery(trunkId: string | undefined) {
  return queryOptions({
    queryKey: ["trunks", "activity", trunkId ?? null],
    queryFn: async ({ signal }) => readActivity(trunkId, {}, signal),
  });
}

async function readActivity(trunkId: string | undefined, wait: Wait, signal: AbortSignal) {
  const query = { seconds: CHART_SECONDS, ...wait, ...(trunkId ? { trunk_id: trunkId } : {}) };
  return body(api.GET("/api/v1/activity", { params: { query }, signal }));
}

/** Reads what a trunk, or all trunks, do, and follows it. */
export function useActivity(trunkId?: string) {
  const client = useQueryClient();
  const query = useQuery(activityQuery(trunkId));
  const hasActivity = query.data !== undefined;
  useEffect(() => {
    if (!hasActivity) return;
    const stop = new AbortController();
    const { queryKey } = activityQuery(trunkId);
    void follow(
      {
        ask: (signal) => {
          const after = client.getQueryData(queryKey)?.version;
          return after ? readActivity(trunkId, { wait: WAIT_S, after }, signal) : null;
        },
        keep: (activity) => client.setQueryData(queryKey, activity),
        readPlainly: () => client.refetchQueries({ queryKey, exact: true }),
      },
      stop.signal,
    );
    return () => stop.abort();
  }, [client, hasActivity, trunkId]);
  return query;
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
