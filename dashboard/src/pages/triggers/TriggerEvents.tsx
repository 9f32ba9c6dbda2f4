import { Anchor } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useLive } from "~/api/live";
import { IdText } from "~/components/IdText";
import { PageState } from "~/components/PageState";
import { Panel } from "~/components/Panel";
import { Status } from "~/components/Status";
import { Time } from "~/components/Time";
import { triggerEventsQuery, type ReceivedEvent } from "./queries";
import classes from "./Triggers.module.css";
import { outcomeText, outcomeTone } from "./words";

const EVERY_MS = 3_000;

/** What came of the latest events: the API keeps a hundred, so all of them are in the page. */
export function TriggerEvents({ triggerId }: { triggerId: string }) {
  const query = useLive({ ...triggerEventsQuery(triggerId), everyMs: EVERY_MS });
  return (
    <Panel
      title="History"
      text="The last hundred events of a week. Events over the limit of requests are not here."
    >
      <PageState
        query={query}
        skeletonRows={4}
        empty={{
          when: ({ data }) => data.length === 0,
          show: <p className={classes.muted}>No event yet. The request above sends one.</p>,
        }}
      >
        {({ data }) => (
          <ul className={classes.events} aria-label="Events">
            {data.map((event, index) => (
              // Two events of one millisecond may be alike in everything else.
              <Event key={`${event.at} ${data.length - index}`} event={event} />
            ))}
          </ul>
        )}
      </PageState>
    </Panel>
  );
}

function Event({ event }: { event: ReceivedEvent }) {
  const callId = event.call_id;
  return (
    <li className={classes.event}>
      <Status value={event.outcome} tone={outcomeTone(event.outcome)} />
      <span className={classes.what}>
        {outcomeText(event)}
        {event.event_id !== null && (
          <span className={classes.muted}>
            {" Event "}
            <IdText id={event.event_id} what="event id" />
          </span>
        )}
      </span>
      {callId !== null ? (
        <Anchor
          size="sm"
          className="mono"
          renderRoot={(props) => <Link to="/calls/$id" params={{ id: callId }} {...props} />}
        >
          {`Call ${callId.slice(0, 8)}`}
        </Anchor>
      ) : (
        <span />
      )}
      <Time at={event.at} />
    </li>
  );
}
