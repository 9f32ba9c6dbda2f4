/** What can be done with a webhook: each change reads it again. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { api, body, type Schemas } from "~/api/client";
import { newIdempotencyKey } from "~/api/idempotency";
import { keepSaved } from "~/api/saved";
import { webhookQuery, webhooksQuery, type Delivery } from "./queries";

const path = (webhookId: string) => ({ path: { webhook_id: webhookId } });

/** Forgets what was read of a webhook, after a change. */
export function useReread(webhookId: string) {
  const queryClient = useQueryClient();
  return () =>
    Promise.all([
      queryClient.invalidateQueries({ queryKey: webhookQuery(webhookId).queryKey }),
      queryClient.invalidateQueries({ queryKey: webhooksQuery.queryKey }),
      queryClient.invalidateQueries({ queryKey: ["deliveries", webhookId] }),
    ]);
}

export function useChange(webhookId: string) {
  const client = useQueryClient();
  const reread = useReread(webhookId);
  return useMutation({
    mutationFn: (change: Schemas["WebhookChange"]) =>
      body(api.PATCH("/api/v1/webhooks/{webhook_id}", { params: path(webhookId), body: change })),
    onSuccess: async (saved) => {
      await keepSaved(client, webhookQuery(webhookId).queryKey, saved);
      await reread();
    },
  });
}

/** Sends a ping, and opens its delivery. */
export function usePing(webhookId: string) {
  const open = useOpenDelivery(webhookId);
  return useMutation({
    mutationFn: () =>
      body(
        api.POST("/api/v1/webhooks/{webhook_id}/test", {
          params: { ...path(webhookId), header: newIdempotencyKey() },
        }),
      ),
    onSuccess: open,
  });
}

/** Sends a delivery again, and opens the one that does so. */
export function useRedeliver(delivery: Delivery) {
  const open = useOpenDelivery(delivery.webhook_id);
  return useMutation({
    mutationFn: () =>
      body(
        api.POST("/api/v1/deliveries/{delivery_id}/redeliver", {
          params: { path: { delivery_id: delivery.id }, header: newIdempotencyKey() },
        }),
      ),
    onSuccess: open,
  });
}

function useOpenDelivery(webhookId: string) {
  const navigate = useNavigate({ from: "/webhooks/$webhookId" });
  const queryClient = useQueryClient();
  const reread = useReread(webhookId);
  return async (delivery: Delivery) => {
    await queryClient.invalidateQueries({ queryKey: ["delivery"] });
    await navigate({ search: (before) => ({ ...before, tab: undefined, delivery: delivery.id }) });
    await reread();
  };
}

/**
 * Sends again what has failed since a time, in as many requests as it takes; tells of each how many there
 * were. Returns when there is no more, or when it is stopped.
 */
export async function recoverAll(
  webhookId: string,
  since: string,
  onProgress: (count: number) => void,
  signal: AbortSignal,
): Promise<number> {
  let count = 0;
  let cursor: string | null = null;
  do {
    const request: Schemas["Recovery"] = cursor ? { since, cursor } : { since };
    const params = { ...path(webhookId), header: newIdempotencyKey() };
    const part: Schemas["Recovered"] = await body(
      api.POST("/api/v1/webhooks/{webhook_id}/recover", { params, body: request, signal }),
    );
    count += part.recovered;
    onProgress(count);
    cursor = part.more ? part.next_cursor : null;
  } while (cursor !== null && !signal.aborted);
  return count;
}
