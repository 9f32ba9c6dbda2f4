import { RotateCcw } from "lucide-react";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useLive } from "~/api/live";
import { Facts } from "~/components/Facts";
import { FormError } from "~/components/FormError";
import { IdText } from "~/components/IdText";
import { JsonView } from "~/components/JsonView";
import { PageState } from "~/components/PageState";
import { ScopedButton } from "~/components/ScopedButton";
import SidePanel from "~/components/SidePanel";
import { Status } from "~/components/Status";
import { Time } from "~/components/Time";
import { parseToShow } from "~/lib/exact-json";
import { useRedeliver } from "./actions";
import { Attempts } from "./Attempts";
import { deliveryText } from "./health";
import { deliveryQuery, deliveryRequestQuery, type Delivery } from "./queries";
import { stateTone } from "./tones";
import classes from "./webhooks.module.css";

const EVERY_MS = 2_000;

/** One delivery: why it stands as it does, its attempts, and what was sent. */
export default function DeliveryPanel({ id, onClose }: { id: string; onClose: () => void }) {
  const query = useLive({ ...deliveryQuery(id), everyMs: EVERY_MS });
  return (
    <SidePanel title={query.data?.event.type ?? "Delivery"} onClose={onClose}>
      <PageState query={query} skeletonRows={5}>
        {(delivery) => <Content delivery={delivery} />}
      </PageState>
    </SidePanel>
  );
}

function Content({ delivery }: { delivery: Delivery }) {
  const redeliver = useRedeliver(delivery);
  const { event, state } = delivery;
  const waits = state === "pending" && delivery.next_attempt_at !== null;
  return (
    <>
      <div className={classes.note}>
        <Status value={state} tone={stateTone(state)} />
        <p className={classes.noteText}>
          {deliveryText(delivery)} {waits && <Time at={delivery.next_attempt_at} />}
          {delivery.redelivered_as && " It was sent again as another delivery."}
        </p>
        <ScopedButton
          scope="webhooks:write"
          size="compact-sm"
          leftSection={<RotateCcw size={13} />}
          loading={redeliver.isPending}
          onClick={() => redeliver.mutate()}
        >
          {waits ? "Attempt now" : "Send again"}
        </ScopedButton>
      </div>
      <FormError error={redeliver.error} />
      <Facts
        facts={[
          ["Delivery", <IdText key="d" id={delivery.id} what="delivery id" />],
          ["Event", <IdText key="e" id={event.id} what="event id" />],
          ["Happened", <Time key="t" at={event.at} absolute />],
          ["Call", event.call_id ? <CallLink key="c" id={event.call_id} /> : "None: it is not about a call"],
        ]}
      />
      <h3 className={classes.heading}>Attempts</h3>
      <Attempts delivery={delivery} />
      <Sent delivery={delivery} />
    </>
  );
}

function CallLink({ id }: { id: string }) {
  return (
    <>
      <IdText id={id} what="call id" />{" "}
      <Link to="/calls/$id" params={{ id }}>
        Open the call
      </Link>
    </>
  );
}

/** Headers and body of the latest attempt. */
function Sent({ delivery }: { delivery: Delivery }) {
  const query = useQuery(deliveryRequestQuery(delivery.id, delivery.attempts.length));
  return (
    <section aria-label="Request">
      <h3 className={classes.heading}>Request</h3>
      <PageState query={query} skeletonRows={4}>
        {(request) => (
          <>
            <p className={classes.muted}>
              {delivery.attempts.length === 0
                ? "The first attempt sends this."
                : "The latest attempt sent this."}{" "}
              Transcript and metrics are those of now; secrets are hidden.
            </p>
            <pre className={classes.pre} tabIndex={0} aria-label="Headers of the request">
              {[`${request.method} ${request.url}`]
                .concat(Object.entries(request.headers).map(([name, value]) => `${name}: ${value}`))
                .join("\n")}
            </pre>
            <div className={classes.heading}>Body</div>
            <JsonView value={parsed(request.body)} what="body" />
          </>
        )}
      </PageState>
    </section>
  );
}

function parsed(text: string): unknown {
  try {
    return parseToShow(text);
  } catch {
    return text;
  }
}
