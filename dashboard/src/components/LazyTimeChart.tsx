import { lazy, Suspense, type ComponentProps } from "react";
import type TimeChart from "./TimeChart";

type TimeChartProps = ComponentProps<typeof TimeChart>;

const Chart = lazy(() => import("./TimeChart").catch(() => ({ default: NoChart })));

/** A `TimeChart` whose script is loaded when it is needed. What cannot draw it says what it shows. */
export function LazyTimeChart(props: TimeChartProps & { height: number }) {
  return (
    <Suspense fallback={<div style={{ height: props.height }} />}>
      <Chart {...props} />
    </Suspense>
  );
}

/** uPlot does not start in a browser whose language it cannot read. */
function NoChart({ summary }: TimeChartProps) {
  return <p>{summary}</p>;
}
