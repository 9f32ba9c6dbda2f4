import { Button } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { api, body } from "~/api/client";
import { newIdempotencyKey } from "~/api/idempotency";
import { FormError } from "~/components/FormError";
import { IdText } from "~/components/IdText";
import { Empty, ErrorState, PageState } from "~/components/PageState";
import { ScopedButton } from "~/components/ScopedButton";
import { Status } from "~/components/Status";
import { Time } from "~/components/Time";
import { ApiError } from "~/api/errors";
import classes from "./Cards.module.css";
import { deliveriesQuery } from "./queries";
import { bounded, deliveryText, deliveryTone, tookText, type Delivery, type HostOf } from "./story";
import type { CallView } from "./timeline";
import { useDeliveries, useHosts } from "./use-deliveries";

const SHOWN_AT_ONCE = 50;

/** Which webhooks were told of the call, and what they responded. */
export default function DeliveriesTab({ call }: { call: CallView }) {
  const { query, isAllowed } = useDeliveries(call);
  const hostOf = useHosts();
  const [most, setMost] = useState(SHOWN_AT_ONCE);
  if (!isAllowed) return <ErrorState error={NO_RIGHT} />;
  return (
    <PageState
      query={query}
      skeletonRows={5}
      empty={{
        when: (found) => found.length === 0,
        show: <Empty title="No deliveries" text="No webhook endpoint takes the events of this call." />,
      }}
    >
      {(found) => {
        const { shown, left } = bounded(found, most);
        return (
          <div className={classes.cards}>
            {shown.map((delivery) => (
              <DeliveryCard key={delivery.id} delivery={delivery} callId={call.call_id} hostOf={hostOf} />
            ))}
            {left > 0 && (
              <Button variant="default" size="compact-sm" onClick={() => setMost(most + SHOWN_AT_ONCE)}>
                {`Show more: ${left.toLocaleString("en")} left`}
              </Button>
            )}
          </div>
        );
      }}
    </PageState>
  );
}

const NO_RIGHT = new ApiError(403, { type: "missing_scope", message: "Missing scope: webhooks:read" });

function DeliveryCard({ delivery, callId, hostOf }: { delivery: Delivery; callId: string; hostOf: HostOf }) {
  return (
    <section className={classes.card}>
      <header className={classes.head}>
        <Status value={delivery.state} tone={deliveryTone(delivery.state)} />
        <h2 className={classes.title}>{delivery.event.type}</h2>
        <Link
          to="/webhooks/$webhookId"
          params={{ webhookId: delivery.webhook_id }}
          className={`${classes.dim} ${classes.link}`}
        >
          {hostOf(delivery.webhook_id)}
        </Link>
        <IdText id={delivery.id} what="delivery id" short />
        <span className={classes.end}>
          <Redeliver delivery={delivery} callId={callId} />
        </span>
      </header>
      <p className={classes.text}>
        {capital(deliveryText(delivery))}
        {delivery.redelivery_of && " Sent again by request."}
        {delivery.next_attempt_at && (
          <>
            {" "}
            Next attempt: <Time at={delivery.next_attempt_at} />
          </>
        )}
      </p>
      <ol className={classes.attempts} aria-label="Attempts">
        {delivery.attempts.map((attempt) => (
          <li key={attempt.number}>
            <span className="tabular">#{attempt.number}</span>
            <Time at={attempt.at} absolute />
            <span>{attempt.status ?? (attempt.error ?? "no response").replaceAll("_", " ")}</span>
            <span className={classes.dim}>{tookText(attempt.took_ms)}</span>
            {attempt.detail && <span className={classes.dim}>{attempt.detail}</span>}
            {attempt.response_body && (
              <pre className={classes.body} tabIndex={0} aria-label={`Response to attempt ${attempt.number}`}>
                {attempt.response_body}
              </pre>
            )}
          </li>
        ))}
      </ol>
    </section>
  );
}

function Redeliver({ delivery, callId }: { delivery: Delivery; callId: string }) {
  const client = useQueryClient();
  const [header] = useState(newIdempotencyKey);
  const send = useMutation({
    mutationFn: () =>
      body(
        api.POST("/api/v1/deliveries/{delivery_id}/redeliver", {
          params: { path: { delivery_id: delivery.id }, header },
        }),
      ),
    onSuccess: () => client.invalidateQueries({ queryKey: deliveriesQuery(callId).queryKey }),
  });
  return (
    <>
      <ScopedButton
        scope="webhooks:write"
        blocked={delivery.redelivered_as === null ? undefined : "It was sent again already."}
        size="compact-xs"
        variant="default"
        loading={send.isPending}
        onClick={() => send.mutate()}
      >
        Redeliver
      </ScopedButton>
      <FormError error={send.error} />
    </>
  );
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
