import { useServerNowMs } from "~/components/Time";
import { Time } from "~/components/Time";
import { durationText } from "~/lib/time";
import { verdictOf } from "./now";
import type { CallView } from "./timeline";
import tones from "~/theme/tones.module.css";
import classes from "./VerdictCard.module.css";

/** Why the call ended, or what it does now and what ends that. */
export function VerdictCard({ call }: { call: CallView }) {
  const verdict = verdictOf(call);
  return (
    <section
      className={`${classes.card} ${tones[verdict.tone]}`}
      aria-label="What the call does"
      aria-live="polite"
    >
      <p className={classes.text}>{verdict.text}</p>
      {verdict.more && <p className={classes.more}>{verdict.more}</p>}
      {verdict.until && (
        <p className={classes.more}>
          Expected <Time at={verdict.until} />, at <Time at={verdict.until} absolute />.
        </p>
      )}
      {call.ended_at === null &&
        call.expires_at &&
        (call.status === "queued" || call.status === "scheduled") && (
          <p className={classes.more}>
            No attempt begins after <Time at={call.expires_at} absolute />.
          </p>
        )}
      {call.status === "active" && call.answered_at && <Talking since={call.answered_at} />}
    </section>
  );
}

function Talking({ since }: { since: string }) {
  const sinceMs = Date.parse(since);
  const nowMs = useServerNowMs(sinceMs);
  return (
    <p className={classes.more}>
      For {durationText(Math.max(0, Math.floor((nowMs - sinceMs) / 1000)))} so far.
    </p>
  );
}
