/** One call, kept up to date by long polling: `GET /calls/{id}?wait=25&after=<last event>`. */
import { queryOptions, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { api, body, type Schemas } from "./client";
import { ApiError } from "./errors";
import { pauseAfterS, WAIT_S } from "./long-poll";
import { pause, untilVisible } from "./pauses";

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
    void follow(stop.signal);
    return () => stop.abort();

    async function follow(signal: AbortSignal) {
      const { queryKey } = callQuery(callId);
      let failures = 0;
      while (!signal.aborted) {
        const known = client.getQueryData(queryKey);
        if (known?.ended_at !== null) return;
        await untilVisible(signal);
        let pauseS: number | null;
        try {
          const call = await readCall(callId, known.last_event, signal);
          client.setQueryData(queryKey, call);
          failures = 0;
          pauseS = pauseAfterS({ pollAfterS: call.poll_after_s ?? 0 }, 0);
        } catch (error) {
          if (error instanceof DOMException) return;
          failures += 1;
          pauseS = pauseAfterS(error instanceof ApiError ? error : {}, failures);
          // A plain read shows what is wrong, as every error is shown, unless it succeeds.
          await client.refetchQueries({ queryKey, exact: true });
        }
        // What cannot succeed later is not asked for again.
        if (pauseS === null) return;
        await pause(pauseS, signal);
      }
    }
  }, [callId, client, hasCall]);
  return query;
}
