/**
 * The time axis of a call: what it did from when to when, and where that is drawn. Pure.
 *
 * A call waits for an hour and rings for three seconds: each interval between two events gets a width by the
 * logarithm of its duration, so that both can be seen.
 */
import type { Tone } from "~/theme/tones";
import { ENDS, textIn, type CallView, type TimelineEntry } from "./timeline";

export interface Segment {
  fromMs: number;
  toMs: number;
  label: string;
  tone: Tone;
  /** It has no end yet. */
  isOpen: boolean;
}

export interface Mark {
  atMs: number;
  label: string;
  tone: Tone;
}

export interface Lane {
  label: string;
  segments: Segment[];
  marks: Mark[];
}

const WAITING: Record<string, { label: string; tone: Tone }> = {
  scheduled: { label: "scheduled", tone: "later" },
  pending: { label: "not joined", tone: "info" },
  queued: { label: "in line", tone: "info" },
};

/** When the agent was sent for, by the time of the dial that followed; null: none has followed. */
export type Preparations = ReadonlyMap<string | null, number>;

export function preparationsOf(call: CallView, entries: TimelineEntry[]): Preparations {
  const found = new Map<string | null, number>();
  for (const { type, at, data } of entries) {
    const preparingAt = type === "connecting" ? textIn(data, "preparing_at") : null;
    if (preparingAt !== null) found.set(at, Date.parse(preparingAt));
  }
  if (call.preparing_at) found.set(call.connecting_at, Date.parse(call.preparing_at));
  return found;
}

/** When it waited. `nowMs` ends what is going on, and a preparation ends a wait in the line. */
export function waitLane(
  entries: TimelineEntry[],
  nowMs: number,
  preparations: Preparations = new Map(),
): Lane {
  const steps = entries.filter(({ type }) => type in WAITING || isDialOrEnd(type));
  const segments = steps.flatMap((entry, index) => {
    const words = WAITING[entry.type];
    if (!words) return [];
    const next = steps[index + 1];
    const endMs = Math.max(entry.atMs, next?.atMs ?? nowMs);
    const preparedMs = [...preparations.values()].find((atMs) => atMs >= entry.atMs && atMs <= endMs);
    const toMs = preparedMs ?? endMs;
    const { label, tone } = waitWords(entry) ?? words;
    return [
      { fromMs: entry.atMs, toMs, label, tone, isOpen: next === undefined && preparedMs === undefined },
    ];
  });
  return { label: "Wait", segments, marks: [] };
}

function isDialOrEnd(type: string): boolean {
  return type === "connecting" || type === "active" || ENDS.has(type);
}

function waitWords({ type, reason }: TimelineEntry): { label: string; tone: Tone } | null {
  if (type !== "queued" || reason === null) return null;
  if (reason === "carrier_too_fast") return { label: "waits for the carrier", tone: "warn" };
  if (reason === "outside_window") return { label: "waits for its window", tone: "later" };
  if (reason === "called_too_often" || reason === "unknown_zone")
    return { label: "held by a rule", tone: "later" };
  return { label: "waits to redial", tone: "info" };
}

/** A lane for each attempt, with its INVITEs: ringing, then talk. */
export function attemptLanes(call: CallView, nowMs: number, preparations: Preparations = new Map()): Lane[] {
  const lanes = new Map<number, Lane>();
  for (const attempt of call.attempts) {
    const endMs = Date.parse(attempt.ended_at);
    const lane = laneOf(lanes, attempt.number);
    lane.segments.push(
      ...prepareSegment(preparations, attempt.connecting_at, endMs, false),
      ...dialSegments(attempt.connecting_at, attempt.answered_at, endMs, call.channel, false),
    );
    const tone = attempt.returned ? "warn" : attempt.answered_at ? "idle" : "bad";
    lane.marks.push({ atMs: endMs, label: attempt.reason_text, tone });
  }
  const isBegun = call.connecting_at !== null || call.preparing_at !== null;
  if (isBegun && !isRecorded(call)) {
    const endMs = call.ended_at === null ? nowMs : Date.parse(call.ended_at);
    const number = (call.attempts.findLast((each) => !each.returned)?.number ?? 0) + 1;
    const isOpen = call.ended_at === null;
    laneOf(lanes, number).segments.push(
      ...prepareSegment(preparations, call.connecting_at, endMs, isOpen),
      ...dialSegments(call.connecting_at, call.answered_at, endMs, call.channel, isOpen),
    );
  }
  return [...lanes.values()].map((lane, index, all) => ({
    ...lane,
    label: all.length === 1 ? "Call" : `Attempt ${index + 1}`,
  }));
}

/** Whether the call's own dial is one of its recorded attempts. */
function isRecorded(call: CallView): boolean {
  const { connecting_at, preparing_at } = call;
  const last = call.attempts.at(-1);
  if (connecting_at === null && last && preparing_at) {
    return Date.parse(preparing_at) <= Date.parse(last.ended_at);
  }
  return call.attempts.some((attempt) => attempt.connecting_at === connecting_at);
}

function laneOf(lanes: Map<number, Lane>, number: number): Lane {
  const lane = lanes.get(number) ?? { label: "", segments: [], marks: [] };
  lanes.set(number, lane);
  return lane;
}

/** The agent is sent for before anybody is dialled: that interval has no event of its own. */
function prepareSegment(
  preparations: Preparations,
  connectingAt: string | null,
  endMs: number,
  isOpen: boolean,
): Segment[] {
  const fromMs = preparations.get(connectingAt);
  // What began after the end of an attempt belongs to the next one.
  if (fromMs === undefined || fromMs > endMs) return [];
  const toMs = Math.max(fromMs, connectingAt === null ? endMs : Date.parse(connectingAt));
  return [
    { fromMs, toMs, label: "prepares the agent", tone: "info", isOpen: isOpen && connectingAt === null },
  ];
}

function dialSegments(
  connectingAt: string | null,
  answeredAt: string | null,
  endMs: number,
  channel: string,
  isOpen: boolean,
): Segment[] {
  const segments: Segment[] = [];
  const answerMs = answeredAt === null ? null : Date.parse(answeredAt);
  if (connectingAt !== null) {
    const label = channel === "web" ? "waits for the agent" : "rings";
    const toMs = answerMs ?? endMs;
    segments.push({
      fromMs: Date.parse(connectingAt),
      toMs,
      label,
      tone: "warn",
      isOpen: isOpen && answerMs === null,
    });
  }
  if (answerMs !== null)
    segments.push({ fromMs: answerMs, toMs: endMs, label: "talks", tone: "good", isOpen });
  return segments.map((each) => ({ ...each, toMs: Math.max(each.fromMs, each.toMs) }));
}

export interface Scale {
  /** Where a time is drawn, from 0 to 1. */
  at: (ms: number) => number;
  ticks: { atMs: number; at: number }[];
}

const LEAST_TICK_DISTANCE = 0.085;

/** The scale of an axis through these times, which need not be in order. */
export function scaleOf(times: number[]): Scale {
  const points = [...new Set(times)].sort((one, other) => one - other);
  const first = points[0] ?? 0;
  const ends = [0];
  points.slice(1).forEach((point, index) => {
    ends.push((ends[index] ?? 0) + widthOf(point - (points[index] ?? point)));
  });
  const whole = ends.at(-1) === 0 ? 1 : (ends.at(-1) ?? 1);
  const at = (ms: number) => {
    const index = Math.max(
      0,
      points.findLastIndex((point) => point <= ms),
    );
    const from = points[index] ?? first;
    const to = points[index + 1];
    const start = ends[index] ?? 0;
    const part = to === undefined ? 0 : (Math.max(ms, from) - from) / (to - from);
    return (start + part * ((ends[index + 1] ?? start) - start)) / whole;
  };
  return { at, ticks: ticksOf(points, at) };
}

function widthOf(durationMs: number): number {
  return Math.log10(1 + durationMs / 50);
}

function ticksOf(points: number[], at: (ms: number) => number): Scale["ticks"] {
  const ticks: Scale["ticks"] = [];
  for (const atMs of points) {
    const place = at(atMs);
    const last = ticks.at(-1);
    if (last && place - last.at < LEAST_TICK_DISTANCE) continue;
    if (place > 1 - LEAST_TICK_DISTANCE / 2 && atMs !== points.at(-1)) continue;
    ticks.push({ atMs, at: place });
  }
  return ticks;
}

/** All times of lanes: what the scale must show. */
export function timesOf(lanes: Lane[]): number[] {
  return lanes.flatMap((lane) => [
    ...lane.segments.flatMap(({ fromMs, toMs }) => [fromMs, toMs]),
    ...lane.marks.map(({ atMs }) => atMs),
  ]);
}
