/** The list of calls, kept up to date: by a long poll of its first page, or by polling where the API cannot wait. */
import { useInfiniteQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { follow } from "~/api/follow";
import { pollIntervalMs } from "~/api/polling";
import { canBeFollowed, type CallFilters } from "./filters";
import { callsQuery, nextVersion } from "./queries";

const EVERY_MS = 5_000;

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
    const followed = JSON.parse(key) as CallFilters;
    const { queryKey } = callsQuery(followed);
    void follow(
      {
        ask: (signal) => {
          const version = client.getQueryData(queryKey)?.pages[0]?.version;
          return version === undefined ? null : nextVersion(followed, version, signal);
        },
        keep: (page) =>
          client.setQueryData(queryKey, (before) =>
            before?.pages.length === 1 ? { ...before, pages: [page] } : before,
          ),
        readPlainly: () => client.refetchQueries({ queryKey, exact: true }),
      },
      stop.signal,
    );
    return () => stop.abort();
  }, [client, hasOnePage, isFollowed, key]);
  return query;
}
