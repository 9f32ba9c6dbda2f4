import { Link } from "@tanstack/react-router";
import { useLive } from "~/api/live";
import { NeedsRight } from "~/components/NeedsRight";
import { PageState } from "~/components/PageState";
import { Panel } from "~/components/Panel";
import classes from "./Now.module.css";
import { statisticsQuery, type Statistics } from "./queries";

const EVERY_MS = 5_000;

/** Why calls did not complete, the most frequent reason first; each leads to its calls. */
export function FailurePanel({ minutes = 60 }: { minutes: number | undefined }) {
  return (
    <Panel title="Why calls did not complete" text="The most frequent reason first. Each leads to its calls.">
      <NeedsRight scope="calls:read">
        <Failures minutes={minutes} />
      </NeedsRight>
    </Panel>
  );
}

function Failures({ minutes }: { minutes: number }) {
  const query = useLive({ ...statisticsQuery(minutes), everyMs: EVERY_MS });
  return (
    <PageState query={query} skeletonRows={5}>
      {(statistics) => <FailureReasons statistics={statistics} minutes={minutes} />}
    </PageState>
  );
}

function FailureReasons({ statistics, minutes }: { statistics: Statistics; minutes: number }) {
  const { failures } = statistics;
  if (failures.length === 0) return <p className={classes.nothing}>No call failed in this time.</p>;
  const most = failures[0]?.calls ?? 1;
  return (
    <ul className={classes.reasons}>
      {failures.map((failure) => (
        <li key={failure.reason}>
          <Link
            className={classes.reason}
            to="/calls"
            search={{ failure_reason: failure.reason, since: minutes <= 60 ? "1h" : "24h" }}
          >
            <span className={classes.reasonTop}>
              <span className={classes.reasonName}>{failure.reason.replaceAll("_", " ")}</span>
              <span className="tabular">{failure.calls.toLocaleString("en")}</span>
            </span>
            <span className={classes.share} aria-hidden>
              <span style={{ width: `${(100 * failure.calls) / most}%` }} />
            </span>
            <span className={classes.reasonText}>{failure.text}</span>
          </Link>
        </li>
      ))}
    </ul>
  );
}
