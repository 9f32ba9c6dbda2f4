import { Anchor } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { Time, useServerNowMs } from "~/components/Time";
import type { TrunkActivity } from "../trunks/queries";
import { waitingCount, waitsUntil } from "./activity";
import classes from "./Now.module.css";

/** What calls wait for, and what ends each wait. */
export function WaitingList({ activity }: { activity: TrunkActivity }) {
  return (
    <div>
      <h3 className={classes.heading}>
        What waits, and for what
        {activity.waiting > 0 && (
          <Anchor
            size="xs"
            renderRoot={(props) => (
              <Link to="/calls" search={{ status: "queued", trunk_id: activity.id }} {...props} />
            )}
          >
            Show the calls
          </Anchor>
        )}
      </h3>
      {activity.waiting_for.length === 0 ? (
        <p className={classes.nothing}>No call waits.</p>
      ) : (
        <ul className={classes.waits}>
          {activity.waiting_for.map((wait) => (
            <li key={wait.queue_state} className={classes.wait}>
              <span>
                <strong className="tabular">{waitingCount(wait.calls, wait.is_minimum)}</strong>{" "}
                {wait.queue_state.replaceAll("_", " ")}
              </span>
              <Until at={waitsUntil(activity, wait)} />
              <span className={classes.waitText}>{wait.text}</span>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

/** When the first of them may go on. Without a time, the sentence beneath says what ends the wait. */
function Until({ at }: { at: string | null }) {
  const atMs = at === null ? null : Date.parse(at);
  const nowMs = useServerNowMs(atMs);
  if (at === null || atMs === null) return <span />;
  if (atMs <= nowMs) return <span className={classes.until}>due now</span>;
  return (
    <span className={classes.until}>
      until <Time at={at} absolute />, <Time at={at} />
    </span>
  );
}
