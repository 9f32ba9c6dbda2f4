import { describe, expect, it } from "vitest";
import {
  barTimesS,
  budgetLine,
  chartSummary,
  isQuiet,
  movedTo,
  rateText,
  startFigures,
  waitingCount,
  waitsUntil,
} from "./activity";

const activity = { starts_from: "2026-11-28T09:00:00.000Z", starts: [0, 3, 5, 2], cps: 5 };
const idle = { state: "idle" as const, waiting: 0, in_progress: 0, paused_until: null };
const busy = { ...idle, state: "dialing" as const, waiting: 4, in_progress: 1 };

describe("the chart", () => {
  it("has a bar for each second", () => {
    expect(barTimesS(activity).map((second) => second - (barTimesS(activity)[0] ?? 0))).toEqual([0, 1, 2, 3]);
    expect(barTimesS(activity)[0]).toBe(Date.parse(activity.starts_from) / 1000);
  });
  it("has the budget in each second", () => {
    expect(budgetLine(activity)).toEqual([5, 5, 5, 5]);
  });
  it("is said in a sentence", () => {
    expect(chartSummary({ ...activity, starts: Array.from({ length: 120 }, () => 1) })).toBe(
      "Starts of each second: 1 in the latest, at most 1, 120 in 2 min. The budget is 5/s.",
    );
  });
  it("counts an empty time as nothing", () => {
    expect(startFigures([])).toEqual({ total: 0, most: 0, latest: 0 });
  });
});

describe("the chart of an activity that stays the same", () => {
  const at = (time: string) => movedTo(activity, Date.parse(`2026-11-28T09:00:${time}Z`));
  it("moves on with the time, by whole seconds without a start", () => {
    expect(at("06.900")).toEqual({ starts_from: "2026-11-28T09:00:02.000Z", starts: [5, 2, 0, 0], cps: 5 });
  });
  it("is empty when its time is over", () => {
    expect(at("59.000").starts).toEqual([0, 0, 0, 0]);
  });
  it("does not go back, should the browser's clock be late", () => {
    expect(at("01.000")).toEqual(activity);
  });
});

describe("a rate", () => {
  it("is per second, and below one a time between two", () => {
    expect([5, 2.5, 0.25, 0.1, 0].map(rateText)).toEqual(["5/s", "2.5/s", "1 in 4 s", "1 in 10 s", "0/s"]);
  });
});

describe("a quiet trunk", () => {
  it("has had no start, and is not held up", () => {
    expect(isQuiet({ ...idle, starts: [0, 0] })).toBe(true);
    expect(isQuiet({ ...idle, starts: [0, 1] })).toBe(false);
    expect(isQuiet({ ...idle, state: "paused", starts: [0, 0] })).toBe(false);
    expect(isQuiet({ ...busy, starts: [0, 0] })).toBe(false);
  });
});

describe("how many wait", () => {
  it("says when there may be more", () => {
    expect([waitingCount(1, false), waitingCount(1200, false), waitingCount(500, true)]).toEqual([
      "1 call",
      "1,200 calls",
      "at least 500 calls",
    ]);
  });
});

describe("until when calls wait", () => {
  const early = "2026-11-28T09:00:10.000Z";
  const late = "2026-11-28T09:00:30.000Z";
  const wait = (next_at: string | null) => ({ queue_state: "waiting_for_retry" as const, next_at });
  const going = { paused_reason: null, paused_until: null };
  it("is when the first of them may go on", () => {
    expect([waitsUntil(going, wait(early)), waitsUntil(going, wait(null))]).toEqual([early, null]);
  });
  it("is not before the circuit breaker tries again", () => {
    const broken = { paused_reason: "carrier_failing: trunk_auth_failed", paused_until: late };
    expect([waitsUntil(broken, wait(early)), waitsUntil(broken, wait(null))]).toEqual([late, late]);
  });
  it("is unknown while somebody has to resume the trunk", () => {
    expect(waitsUntil({ paused_reason: "paused_by_request", paused_until: null }, wait(early))).toBeNull();
  });
});
