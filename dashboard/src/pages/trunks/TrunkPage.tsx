import { Button } from "@mantine/core";
import { Link, useParams } from "@tanstack/react-router";
import { lazy, Suspense } from "react";
import { useLive } from "~/api/live";
import { CopyButton } from "~/components/CopyButton";
import { IdText } from "~/components/IdText";
import { NeedsRight } from "~/components/NeedsRight";
import { Page } from "~/components/Page";
import { PageState, Skeleton } from "~/components/PageState";
import { Panel } from "~/components/Panel";
import { Time } from "~/components/Time";
import { TrunkStrip } from "../now/TrunkStrip";
import { trunkQuery, useActivity, type TrunkView } from "./queries";
import classes from "./Trunks.module.css";
import { eventWords } from "./words";

const TrunkLimits = lazy(() => import("./TrunkLimits"));
const EVERY_MS = 5_000;

/** One trunk: what it does now, its limits, numbers and events. */
export function TrunkPage() {
  const { trunkId } = useParams({ from: "/_app/trunks/$trunkId" });
  return (
    <NeedsRight scope="trunks:read">
      <Trunk key={trunkId} trunkId={trunkId} />
    </NeedsRight>
  );
}

function Trunk({ trunkId }: { trunkId: string }) {
  const query = useLive({ ...trunkQuery(trunkId), everyMs: EVERY_MS });
  return (
    <Page
      title={query.data?.name ?? "Trunk"}
      actions={
        <Button variant="default" renderRoot={(props) => <Link to="/trunks" {...props} />}>
          All trunks
        </Button>
      }
    >
      <PageState query={query}>
        {(trunk) => (
          <div className={classes.stack}>
            <IdText id={trunk.id} what="trunk id" />
            <Activity trunkId={trunkId} />
            <div className={classes.halves}>
              <Suspense fallback={<Skeleton rows={4} />}>
                <TrunkLimits trunk={trunk} />
              </Suspense>
              <Numbers trunk={trunk} />
              <Events trunk={trunk} />
            </div>
          </div>
        )}
      </PageState>
    </Page>
  );
}

function Activity({ trunkId }: { trunkId: string }) {
  const query = useActivity(trunkId);
  return (
    <PageState query={query} skeletonRows={6}>
      {({ data }) =>
        data.map((activity) => <TrunkStrip key={activity.id} activity={activity} isLinked={false} />)
      }
    </PageState>
  );
}

/** The caller numbers, with those that the carrier blocks. */
function Numbers({ trunk }: { trunk: TrunkView }) {
  const blocked = new Map(trunk.blocked_callers.map((caller) => [caller.caller_id, caller]));
  const numbers = [...new Set([...trunk.numbers, ...blocked.keys()])];
  return (
    <Panel
      title="Numbers"
      text="Calls are placed from these. A number whose calls the carrier blocks is marked: have it cleared by the carrier, or use another one."
    >
      <ul className={classes.list}>
        {numbers.map((number) => (
          <li key={number} className={classes.entry}>
            <span className={`tabular ${classes.number}`}>
              {number} <CopyButton text={number} what="number" />
            </span>
            <Blocked caller={blocked.get(number)} isGone={!trunk.numbers.includes(number)} />
          </li>
        ))}
      </ul>
    </Panel>
  );
}

interface BlockedProps {
  caller: TrunkView["blocked_callers"][number] | undefined;
  isGone: boolean;
}

function Blocked({ caller, isGone }: BlockedProps) {
  if (!caller) return <span className={classes.muted}>not blocked</span>;
  const calls = `${caller.blocked_calls.toLocaleString("en")} ${caller.blocked_calls === 1 ? "call" : "calls"}`;
  return (
    <span className={classes.blocked}>
      {`${calls} blocked in 7 days, the last `}
      <Time at={caller.last_blocked_at} />
      {isGone && ", no longer a number of this trunk"}
    </span>
  );
}

function Events({ trunk }: { trunk: TrunkView }) {
  return (
    <Panel title="Events" text="The last pauses and resumes.">
      {trunk.events.length === 0 ? (
        <p className={classes.nothing}>It was never paused.</p>
      ) : (
        <ul className={classes.list}>
          {trunk.events.map((event) => {
            const { what, why } = eventWords(event);
            return (
              <li key={`${event.at} ${event.type}`} className={classes.entry}>
                <span>
                  <strong className={classes.name}>{what}</strong>{" "}
                  <span className={classes.muted}>{why}</span>
                </span>
                <Time at={event.at} />
              </li>
            );
          })}
        </ul>
      )}
    </Panel>
  );
}
