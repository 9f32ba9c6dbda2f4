import { useLive } from "~/api/live";
import { useSession } from "~/api/use-session";
import { PageState } from "~/components/PageState";
import { limitsQuery } from "./queries";
import classes from "./settings.module.css";
import { shareUsed } from "./share";

const EVERY_MS = 5_000;

/** The tenant's limits and what it has used of them, in this mode. */
export function LimitsPage() {
  const { mode } = useSession();
  const query = useLive({ ...limitsQuery, everyMs: EVERY_MS });
  return (
    <>
      <div className={classes.bar}>
        <p>{`In ${mode} mode. Live and test are counted separately. Your operator changes limits with trunkline tenants set.`}</p>
      </div>
      <PageState query={query} skeletonRows={4}>
        {(limits) => (
          <div className={classes.cards}>
            <Limit
              title="Calls that wait"
              used={limits.calls_waiting}
              limit={limits.max_calls_waiting}
              then="One more is refused with queue_full."
            />
            <Limit
              title="Calls in progress"
              used={limits.calls_in_progress}
              limit={limits.max_calls_in_progress}
              then="Phone calls then wait in their line; web calls are refused."
            />
            <Limit
              title="Calls today, in UTC"
              used={limits.calls_today}
              limit={limits.max_calls_a_day}
              then="One more is refused until midnight UTC."
            />
            <section className={classes.card}>
              <h2>Requests of your session&rsquo;s key</h2>
              <p className={classes.figure}>
                {limits.requests_per_minute.toLocaleString("en")} <small>a minute</small>
              </p>
              <p className={classes.hint}>
                Above it, the answer is 429 until the next minute. Open pages of this session count, too.
              </p>
            </section>
          </div>
        )}
      </PageState>
    </>
  );
}

interface LimitProps {
  title: string;
  used: number;
  limit: number | null;
  /** What happens above the limit. */
  then: string;
}

function Limit({ title, used, limit, then }: LimitProps) {
  const share = shareUsed(used, limit);
  return (
    <section className={classes.card}>
      <h2>{title}</h2>
      <p className={`${classes.figure} tabular`}>
        {used.toLocaleString("en")}{" "}
        <small>{limit === null ? "no limit" : `of ${limit.toLocaleString("en")}`}</small>
      </p>
      {share !== null && (
        <div
          className={classes.meter}
          role="meter"
          aria-label={title}
          aria-valuenow={used}
          aria-valuemin={0}
          aria-valuemax={limit ?? undefined}
        >
          <div data-full={share >= 1 ? "" : undefined} style={{ width: `${share * 100}%` }} />
        </div>
      )}
      {limit !== null && <p className={classes.hint}>{then}</p>}
    </section>
  );
}
