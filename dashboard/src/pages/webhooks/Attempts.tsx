import { Time } from "~/components/Time";
import { durationText } from "~/lib/time";
import { attemptText, isSuccess } from "./health";
import type { Attempt, Delivery } from "./queries";
import classes from "./webhooks.module.css";

/** The attempts of a delivery, newest first, each with what came back. */
export function Attempts({ delivery }: { delivery: Delivery }) {
  if (delivery.attempts.length === 0) return <p className={classes.muted}>There was none yet.</p>;
  return (
    <ol className={classes.attempts}>
      {delivery.attempts.toReversed().map((attempt) => (
        <AttemptItem key={attempt.number} attempt={attempt} />
      ))}
    </ol>
  );
}

function AttemptItem({ attempt }: { attempt: Attempt }) {
  return (
    <li className={classes.attempt}>
      <div className={classes.attemptHead}>
        <span className="tabular">{attempt.number}.</span>
        <strong className={isSuccess(attempt) ? classes.good : classes.bad}>{attemptText(attempt)}</strong>
        <span className={classes.muted}>
          <Time at={attempt.at} absolute />
          {`, took ${durationText(attempt.took_ms / 1000)}`}
        </span>
      </div>
      {attempt.detail && attempt.detail.toLowerCase() !== attemptText(attempt).toLowerCase() && (
        <div className={classes.muted}>{attempt.detail}</div>
      )}
      {attempt.response_body && (
        <pre
          className={classes.pre}
          tabIndex={0}
          aria-label={`Beginning of the response to attempt ${attempt.number}`}
        >
          {attempt.response_body}
        </pre>
      )}
    </li>
  );
}
