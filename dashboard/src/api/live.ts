/** Data that stays up to date while its tab is seen. */
import { useQuery, type QueryKey, type UseQueryOptions } from "@tanstack/react-query";
import { pollIntervalMs } from "./polling";

/**
 * Reads, and reads again every `everyMs` while the tab is visible; less often after a 429.
 *
 *     const trunks = useLive({ ...trunksQuery, everyMs: 5_000 });
 */
export function useLive<Data, Key extends QueryKey>(
  options: UseQueryOptions<Data, Error, Data, Key> & { everyMs: number },
) {
  const { everyMs, ...query } = options;
  return useQuery({
    ...query,
    refetchInterval: () => pollIntervalMs(everyMs),
    refetchIntervalInBackground: false,
  });
}
