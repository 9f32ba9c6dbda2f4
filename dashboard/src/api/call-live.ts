/** One call, kept up to date by long polling: `GET /calls/{id}?wait=25&after=<last event>`. */
import { queryOptions, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { api, body, type Schemas } from "./client";
import { follow } from "./follow";
import { WAIT_S } from "./long-poll";

export type Call = Schemas["CallView"] & { poll_after_s?: number | null };

export function callQuery(callId: string) {
  return queryOptions({
    queryKey: ["call", callId],
    queryFn: ({ signal }) => readCall(callId, undefined, signal),
  });
}

async function readCall(callId: string, after: number | undefined, signal: AbortSignal): Promise<Call> {
  const query = after === undefined ? {} : { wait: WAIT_S, after };
  return body(api.GET("/api/v1/calls/{call_id}", { params: { path: { call_id: callId }, query }, signal }));
}

/** Reads a call, and follows it until it has ended. It rests while the tab is hidden. */
export function useCallLive(callId: string) {
  const client = useQueryClient();
  const query = useQuery(callQuery(callId));
  const hasCall = query.data !== undefined;
  useEffect(() => {
    if (!hasCall) return;
    const stop = new AbortController();
    const { queryKey } = callQuery(callId);
    void follow(
      {
        ask: (signal) => {
          const known = client.getQueryData(queryKey);
          return known?.ended_at === null ? readCall(callId, known.last_event, signal) : null;
        },
        keep: (call) => client.setQueryData(queryKey, call),
        readPlainly: () => client.refetchQueries({ queryKey, exact: true }),
      },
      stop.signal,
    );
    return () => stop.abort();
  }, [callId, client, hasCall]);
  return query;
}
