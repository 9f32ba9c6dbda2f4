import { useEffect, useMemo, useState } from "react";
import { serverNowMs } from "~/lib/clock";
import { durationText } from "~/lib/time";
import {
  attemptLanes,
  preparationsOf,
  scaleOf,
  timesOf,
  waitLane,
  type Lane,
  type Mark,
  type Scale,
  type Segment,
} from "./axis";
import { bounded, markLanes, type Delivery } from "./story";
import tones from "~/theme/tones.module.css";
import classes from "./TimeAxis.module.css";
import type { CallView, TimelineEntry } from "./timeline";

const MOST_MARKS = 100;

interface TimeAxisProps {
  call: CallView;
  entries: TimelineEntry[];
  deliveries: Delivery[];
}

/** The call on one axis, from its acceptance to the last webhook: a lane for its waits, and one an attempt. */
export function TimeAxis({ call, entries, deliveries }: TimeAxisProps) {
  const nowMs = useTicking(call.ended_at === null);
  const preparations = useMemo(() => preparationsOf(call, entries), [call, entries]);
  const lanes = useMemo(
    () => [
      waitLane(entries, nowMs, preparations),
      ...attemptLanes(call, nowMs, preparations),
      ...markLanes(entries, deliveries),
    ],
    [call, entries, deliveries, preparations, nowMs],
  );
  const startMs = Date.parse(call.created_at);
  const scale = useMemo(() => scaleOf([startMs, ...timesOf(lanes)]), [lanes, startMs]);
  return (
    <figure className={classes.axis} aria-label="Time axis of the call">
      {lanes.map((lane) => (
        <LaneRow key={lane.label} lane={lane} scale={scale} />
      ))}
      <div className={classes.row} aria-hidden>
        <span />
        <div className={classes.ticks}>
          {scale.ticks.map(({ atMs, at }) => (
            <span key={atMs} className={classes.tick} style={{ left: percent(at) }}>
              {atMs === startMs ? "0" : `+${durationText(Math.round((atMs - startMs) / 100) / 10)}`}
            </span>
          ))}
        </div>
      </div>
      <figcaption className={classes.caption}>
        Time after the acceptance. Long intervals are drawn shorter than they were.
      </figcaption>
    </figure>
  );
}

function LaneRow({ lane, scale }: { lane: Lane; scale: Scale }) {
  return (
    <div className={classes.row}>
      <span className={classes.label}>{lane.label}</span>
      <div className={classes.lane}>
        {lane.segments.map((segment) => (
          <SegmentBar key={`${segment.fromMs}-${segment.label}`} segment={segment} scale={scale} />
        ))}
        {bounded(lane.marks, MOST_MARKS).shown.map((mark, index) => (
          <MarkDot key={index} mark={mark} at={scale.at(mark.atMs)} />
        ))}
      </div>
    </div>
  );
}

function SegmentBar({ segment, scale }: { segment: Segment; scale: Scale }) {
  const left = scale.at(segment.fromMs);
  const width = scale.at(segment.toMs) - left;
  const text = `${segment.label}, ${durationText(Math.round((segment.toMs - segment.fromMs) / 100) / 10)}`;
  return (
    <div
      role="img"
      aria-label={segment.isOpen ? `${text} so far` : text}
      title={text}
      className={`${classes.segment} ${tones[segment.tone]} ${segment.isOpen ? classes.open : ""}`}
      style={{ left: percent(left), width: percent(width) }}
    >
      <span className={classes.words}>{text}</span>
    </div>
  );
}

function MarkDot({ mark, at }: { mark: Mark; at: number }) {
  return (
    <span
      role="img"
      aria-label={mark.label}
      title={mark.label}
      className={`${classes.mark} ${tones[mark.tone]}`}
      style={{ left: percent(at) }}
    />
  );
}

function percent(part: number): string {
  return `${(part * 100).toFixed(3)}%`;
}

/** Now by the API's clock, again each second while the call goes on. */
function useTicking(isOn: boolean): number {
  const [nowMs, setNowMs] = useState(() => serverNowMs());
  useEffect(() => {
    if (!isOn) return;
    const timer = setInterval(() => setNowMs(serverNowMs()), 1_000);
    return () => clearInterval(timer);
  }, [isOn]);
  return nowMs;
}
