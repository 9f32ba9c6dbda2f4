import "uplot/dist/uPlot.min.css";
import { useComputedColorScheme } from "@mantine/core";
import { useElementSize } from "@mantine/hooks";
import { useEffect, useRef } from "react";
import UPlot, { type AlignedData, type Series } from "uplot";
import { clockTime } from "~/lib/time";
import type { Tone } from "~/theme/tones";
import classes from "./TimeChart.module.css";

export interface ChartSeries {
  label: string;
  tone: Tone | "accent" | "muted";
  /** One value for each of `atS`; null leaves a gap. */
  values: (number | null)[];
  kind?: "bars" | "line";
}

interface TimeChartProps {
  /** What the chart says, for whoever does not see it: "Starts of each second: 3 now, budget 5". */
  summary: string;
  /** Times in seconds since 1970, rising. */
  atS: number[];
  series: ChartSeries[];
  height?: number;
}

/** Series over time on a canvas, in the colors of the scheme. Import it with `lazy()`. */
export default function TimeChart({ summary, atS, series, height = 160 }: TimeChartProps) {
  const { ref: frame, width } = useElementSize();
  const host = useRef<HTMLDivElement>(null);
  const plot = useRef<UPlot | null>(null);
  const scheme = useComputedColorScheme();
  const shape = series.map((each) => [each.label, each.tone, each.kind].join("|")).join("\n");
  const isMeasured = width > 0;
  const data = useRef<AlignedData>([[]]);
  useEffect(() => {
    data.current = [atS, ...series.map((each) => each.values)];
    plot.current?.setData(data.current);
  });
  useEffect(() => {
    if (!host.current || !isMeasured) return;
    const color = (name: string) =>
      getComputedStyle(document.documentElement).getPropertyValue(`--tl-${name}`).trim();
    const axis = {
      stroke: color("muted"),
      grid: { stroke: color("line"), width: 1 },
      ticks: { show: false },
    };
    const drawn = new UPlot(
      {
        width: host.current.clientWidth,
        height,
        legend: { show: false },
        // The last time stands half beyond its line.
        padding: [null, 28, null, null],
        cursor: { y: false },
        axes: [
          {
            ...axis,
            size: 28,
            space: 72,
            values: (_plot, splits) => splits.map((atS) => clockTime(atS, spanOf(splits))),
          },
          { ...axis, size: 36, incrs: WHOLE_STEPS },
        ],
        scales: { y: { range: (_plot, _least, most) => [0, Math.max(1, most * 1.1)] } },
        series: [
          {},
          ...shape.split("\n").map((line): Series => {
            const [label = "", tone = "", kind = ""] = line.split("|");
            return kind === "bars" ? barsOf(label, color(tone)) : { label, stroke: color(tone), width: 1.5 };
          }),
        ],
      },
      data.current,
      host.current,
    );
    plot.current = drawn;
    return () => {
      plot.current = null;
      drawn.destroy();
    };
  }, [height, isMeasured, scheme, shape]);
  useEffect(() => plot.current?.setSize({ width, height }), [width, height]);
  return (
    <div ref={frame} className={classes.chart} role="img" aria-label={summary}>
      <div ref={host} />
    </div>
  );
}

/** Counts have no halves. */
const WHOLE_STEPS = [1, 2, 5]
  .flatMap((step) => [0, 1, 2, 3, 4, 5].map((power) => step * 10 ** power))
  .sort((a, b) => a - b);

function spanOf(splits: number[]): number {
  return (splits.at(-1) ?? 0) - (splits[0] ?? 0);
}

function barsOf(label: string, color: string): Series {
  const { bars } = UPlot.paths;
  return {
    label,
    fill: color,
    width: 0,
    points: { show: false },
    ...(bars ? { paths: bars({ size: [0.8, 24] }) } : {}),
  };
}
