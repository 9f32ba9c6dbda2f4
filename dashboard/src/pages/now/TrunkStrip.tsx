import { Link } from "@tanstack/react-router";
import { Pause, Play } from "lucide-react";
import { useState } from "react";
import { ConfirmDialog } from "~/components/ConfirmDialog";
import { Figures, Panel } from "~/components/Panel";
import { ScopedButton } from "~/components/ScopedButton";
import { Status } from "~/components/Status";
import { Time } from "~/components/Time";
import { useChangeTrunk, type TrunkActivity, type TrunkSummary } from "../trunks/queries";
import {
  breakerNote,
  breakerText,
  concurrencyLimit,
  LANE_WORDS,
  pauseText,
  slowText,
  trunkTone,
  whyNotPausable,
} from "../trunks/words";
import { isQuiet, rateText } from "./activity";
import classes from "./Now.module.css";
import { StartsChart } from "./StartsChart";
import { WaitingList } from "./WaitingList";

interface TrunkStripProps {
  activity: TrunkActivity;
  /** The name leads to the trunk's page. */
  isLinked?: boolean;
  /** Show no chart while nothing happens. */
  canFold?: boolean;
}

/** What one trunk does now. */
export function TrunkStrip({ activity, isLinked = true, canFold = false }: TrunkStripProps) {
  return (
    <Panel
      title={
        <span className={classes.name}>
          {isLinked ? (
            <Link to="/trunks/$trunkId" params={{ trunkId: activity.id }}>
              {activity.name}
            </Link>
          ) : (
            "Now"
          )}
          <Status value={activity.state} tone={trunkTone(activity.state)} />
        </span>
      }
      actions={<PauseButton trunk={activity} />}
    >
      <Activity activity={activity} isFolded={canFold && isQuiet(activity)} />
    </Panel>
  );
}

function Activity({ activity, isFolded }: { activity: TrunkActivity; isFolded: boolean }) {
  if (isFolded) return <Figures figures={figuresOf(activity)} />;
  return (
    <div className={classes.side}>
      {activity.paused_reason && (
        <p className={classes.note} role="status">
          {pauseText(activity.paused_reason)}{" "}
          {activity.paused_until && (
            <>
              It tries again <Time at={activity.paused_until} />, at{" "}
              <Time at={activity.paused_until} absolute />.
            </>
          )}
        </p>
      )}
      {activity.slowed_by && <p className={classes.note}>{slowText(activity.slowed_by)}</p>}
      <div className={classes.strip}>
        <StartsChart activity={activity} />
        <div className={classes.side}>
          <Figures figures={figuresOf(activity)} />
          <WaitingList activity={activity} />
        </div>
      </div>
    </div>
  );
}

function figuresOf(activity: TrunkActivity) {
  const limit = concurrencyLimit(activity);
  const inProgress = `${activity.in_progress} of ${limit ?? 0} at once`;
  return [
    { label: "Waiting", value: activity.waiting.toLocaleString("en") },
    { label: "Dialing", value: activity.dialing.toLocaleString("en") },
    {
      label: "Talking",
      value: activity.talking.toLocaleString("en"),
      ...(limit === null ? {} : { note: inProgress }),
    },
    {
      label: "Pace",
      value: rateText(activity.pace),
      note: `factor ${Number(activity.pace_factor.toFixed(2))}`,
    },
    { label: "Breaker", value: breakerText(activity.breaker), note: breakerNote(activity.breaker) },
    { label: "Lane", value: LANE_WORDS[activity.lane] ?? activity.lane },
  ];
}

/** Pauses after a question, and resumes. */
export function PauseButton({ trunk }: { trunk: TrunkSummary }) {
  const [isAsking, setAsking] = useState(false);
  const change = useChangeTrunk(trunk.id);
  const isPaused = trunk.state === "paused";
  return (
    <>
      <ScopedButton
        scope="trunks:write"
        blocked={whyNotPausable(trunk) ?? undefined}
        variant="default"
        size="compact-sm"
        leftSection={isPaused ? <Play size={13} /> : <Pause size={13} />}
        onClick={() => setAsking(true)}
      >
        {isPaused ? "Resume" : "Pause"}
      </ScopedButton>
      <ConfirmDialog
        opened={isAsking}
        onClose={() => setAsking(false)}
        title={isPaused ? `Resume ${trunk.name}?` : `Pause ${trunk.name}?`}
        confirm={isPaused ? "Resume" : "Pause"}
        onConfirm={() => change.mutateAsync({ paused: !isPaused })}
      >
        {isPaused
          ? `${waits(trunk.waiting)} Dialing starts within half a second, at the trunk's pace. It also closes the circuit breaker.`
          : `${waits(trunk.waiting)} Nothing more is dialled until somebody resumes the trunk. Calls that ring or talk go on. A call that waits beyond its deadline ends as expired.`}
      </ConfirmDialog>
    </>
  );
}

function waits(calls: number): string {
  if (calls === 0) return "No call waits now.";
  return calls === 1 ? "One call waits." : `${calls.toLocaleString("en")} calls wait.`;
}
