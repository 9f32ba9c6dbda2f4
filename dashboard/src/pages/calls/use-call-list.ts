/** The list of calls, kept up to date: by a long poll of its first page, or by polling where the API cannot wait. */
import { useInfiniteQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { pause, untilVisible } from "~/api/pauses";
import { pollIntervalMs } from "~/api/polling";
import { canBeFollowed, type CallFilters } from "./filters";
import { callsQuery, nextVersion } from "./queries";

const EVERY_MS = 5_000;
const LEAST_S = 1;

export function useCallList(filters: CallFilters) {
  const client = useQueryClient();
  const options = callsQuery(filters);
  const isFollowed = canBeFollowed(filters);
  const query = useInfiniteQuery({
    ...options,
    // Pages that a person has loaded stay as they are: a poll would read each of them again.
    refetchInterval: ({ state }) =>
      isFollowed || (state.data?.pages.length ?? 0) > 1 ? false : pollIntervalMs(EVERY_MS),
  });
  const hasOnePage = query.data?.pages.length === 1;
  const key = JSON.stringify(filters);
  useEffect(() => {
    if (!isFollowed || !hasOnePage) return;
    const stop = new AbortController();
    void follow(JSON.parse(key) as CallFilters, stop.signal);
    return () => stop.abort();

    async function follow(followed: CallFilters, signal: AbortSignal) {
      const { queryKey } = callsQuery(followed);
      while (!signal.aborted) {
        await untilVisible(signal);
        const version = client.getQueryData(queryKey)?.pages[0]?.version;
        if (version === undefined) return;
        // On a list that always changes: one request a second.
        const least = pause(LEAST_S, signal);
        let pauseS = 0;
        try {
          const page = await nextVersion(followed, version, signal);
          pauseS = page.poll_after_s ?? 0;
          client.setQueryData(queryKey, (before) =>
            before?.pages.length === 1 ? { ...before, pages: [page] } : before,
          );
        } catch (error) {
          if (error instanceof DOMException) return;
          // A plain read tries again by itself, and shows what is wrong if that fails, too.
          pauseS = EVERY_MS / 1000;
          await client.refetchQueries({ queryKey, exact: true });
        }
        await least;
        await pause(pauseS, signal);
      }
    }
  }, [client, hasOnePage, isFollowed, key]);
  return query;
}
