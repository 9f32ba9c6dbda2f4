import { useMemo } from "react";
import { LazyTimeChart } from "~/components/LazyTimeChart";
import { useServerNowS } from "~/components/Time";
import type { TrunkActivity } from "../trunks/queries";
import { barTimesS, budgetLine, chartSummary, movedTo, rateText, startFigures } from "./activity";
import classes from "./Now.module.css";

const HEIGHT = 150;

/** The starts of each second against the budget. */
export function StartsChart({ activity: known }: { activity: TrunkActivity }) {
  const nowS = useServerNowS();
  const activity = useMemo(() => movedTo(known, nowS * 1000), [known, nowS]);
  const times = useMemo(() => barTimesS(activity), [activity]);
  const figures = startFigures(activity.starts);
  return (
    <div>
      <div className={classes.legend}>
        <span>
          <i className={classes.bar} aria-hidden />
          {`Starts of each second: ${figures.total} in 2 min, at most ${figures.most}/s`}
        </span>
        <span>
          <i className={classes.line} aria-hidden />
          {`Budget ${rateText(activity.cps)}`}
        </span>
      </div>
      <LazyTimeChart
        summary={chartSummary(activity)}
        atS={times}
        height={HEIGHT}
        series={[
          { label: "Starts", tone: "accent", values: activity.starts, kind: "bars" },
          { label: "Budget", tone: "bad", values: budgetLine(activity), kind: "line" },
        ]}
      />
    </div>
  );
}
