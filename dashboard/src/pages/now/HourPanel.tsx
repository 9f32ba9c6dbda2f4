import { SegmentedControl } from "@mantine/core";
import { useMemo } from "react";
import { useLive } from "~/api/live";
import { LazyTimeChart } from "~/components/LazyTimeChart";
import { NeedsRight } from "~/components/NeedsRight";
import { PageState } from "~/components/PageState";
import { Figures, Panel } from "~/components/Panel";
import { durationText } from "~/lib/time";
import { WINDOWS, type NowSearch } from "./filters";
import classes from "./Now.module.css";
import { statisticsQuery, type Statistics } from "./queries";

const EVERY_MS = 5_000;
const HEIGHT = 130;

interface HourPanelProps {
  minutes: NowSearch["minutes"];
  onChange: (minutes: NowSearch["minutes"]) => void;
}

/** What became of the calls of the last hour, or of another time. */
export function HourPanel({ minutes = 60, onChange }: HourPanelProps) {
  return (
    <Panel
      title="Outcomes"
      text="Calls that ended in this time."
      actions={
        <SegmentedControl
          size="xs"
          aria-label="Time"
          value={String(minutes)}
          onChange={(value) => onChange(WINDOWS.find((each) => String(each.minutes) === value)?.minutes)}
          data={WINDOWS.map((each) => ({ value: String(each.minutes), label: each.label }))}
        />
      }
    >
      <NeedsRight scope="calls:read">
        <Outcomes minutes={minutes} />
      </NeedsRight>
    </Panel>
  );
}

function Outcomes({ minutes }: { minutes: number }) {
  const query = useLive({ ...statisticsQuery(minutes), everyMs: EVERY_MS });
  return (
    <PageState query={query} skeletonRows={5}>
      {(statistics) => (
        <div className={classes.side}>
          <Figures figures={figuresOf(statistics)} />
          <OutcomeChart statistics={statistics} />
        </div>
      )}
    </PageState>
  );
}

function figuresOf(statistics: Statistics) {
  const rate = statistics.answer_rate;
  const count = (number: number) => number.toLocaleString("en");
  return [
    {
      label: "Answer rate",
      value: rate === null ? "–" : `${Math.round(rate * 100)} %`,
      note:
        rate === null ? "nothing dialled" : `${count(statistics.answered)} of ${count(statistics.dialled)}`,
    },
    { label: "Accepted", value: count(statistics.accepted) },
    { label: "Completed", value: count(statistics.ended.completed ?? 0) },
    { label: "Not completed", value: count(statistics.failures.reduce((sum, each) => sum + each.calls, 0)) },
    { label: "Talked", value: durationText(statistics.talk_seconds) },
  ];
}

function OutcomeChart({ statistics }: { statistics: Statistics }) {
  const { points } = statistics;
  const atS = useMemo(() => points.map((point) => Date.parse(point.at) / 1000), [points]);
  const answered = points.map((point) => point.answered);
  const failed = points.map((point) => point.failed);
  return (
    <div>
      <div className={classes.legend}>
        <span>
          <i className={classes.bar} aria-hidden /> Answered
        </span>
        <span>
          <i className={classes.failedBar} aria-hidden /> Not completed
        </span>
        <span>{stepText(statistics.step_seconds)}</span>
      </div>
      <LazyTimeChart
        summary={`Over time: ${statistics.answered} answered, ${failed.reduce((sum, each) => sum + each, 0)} not completed.`}
        atS={atS}
        height={HEIGHT}
        series={[
          { label: "Answered", tone: "accent", values: answered, kind: "line" },
          { label: "Not completed", tone: "bad", values: failed, kind: "line" },
        ]}
      />
    </div>
  );
}

function stepText(seconds: number): string {
  const minutes = Math.round(seconds / 60);
  return minutes === 1 ? "in each minute" : `in each ${minutes} minutes`;
}
