/** The call's webhook deliveries, kept up to date while more of them can come. */
import { useQuery } from "@tanstack/react-query";
import { useCallback, useMemo } from "react";
import { useLive } from "~/api/live";
import { useSession } from "~/api/use-session";
import { serverNowMs } from "~/lib/clock";
import { deliveriesQuery, endpointsQuery } from "./queries";
import type { HostOf } from "./story";
import type { CallView } from "./timeline";

const OFTEN_MS = 5_000;
const SELDOM_MS = 60_000;
const SETTLES_IN_MS = 30_000;

export function useDeliveries(call: CallView) {
  const isAllowed = useSession().allows("webhooks:read");
  const endedMs = call.ended_at === null ? null : Date.parse(call.ended_at);
  const isSettled = endedMs !== null && serverNowMs() - endedMs > SETTLES_IN_MS;
  const query = useLive({
    ...deliveriesQuery(call.call_id),
    enabled: isAllowed,
    everyMs: isSettled ? SELDOM_MS : OFTEN_MS,
  });
  return { query, isAllowed };
}

/** The host that a webhook goes to; its id where the endpoint is gone. */
export function useHosts(): HostOf {
  const isAllowed = useSession().allows("webhooks:read");
  const { data } = useQuery({ ...endpointsQuery, enabled: isAllowed });
  const hosts = useMemo(() => new Map(data?.map(({ id, url }) => [id, hostOf(url)])), [data]);
  return useCallback((id) => hosts.get(id) ?? id, [hosts]);
}

function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : url;
}
