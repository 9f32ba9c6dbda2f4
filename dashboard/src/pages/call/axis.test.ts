import { describe, expect, it } from "vitest";
import { attemptLanes, preparationsOf, scaleOf, waitLane } from "./axis";
import { aCall, anAttempt, iso, START_MS } from "./fixture";
import { readTimeline } from "./timeline";

const nowMs = START_MS + 60_000;

describe("the lane of waits", () => {
  it("has a segment from each wait to the next dial or end", () => {
    const entries = readTimeline([
      { status: "initiated", at: iso(0) },
      { status: "queued", at: iso(0) },
      { status: "connecting", at: iso(1) },
      { status: "queued", at: iso(3), reason: "dial_busy", attempt: 1, until: iso(10) },
      { status: "connecting", at: iso(10) },
      { status: "failed", at: iso(12), reason: "dial_busy" },
    ]);
    expect(waitLane(entries, nowMs).segments).toMatchObject([
      { fromMs: START_MS, toMs: START_MS + 1_000, label: "in line", isOpen: false },
      { fromMs: START_MS + 3_000, toMs: START_MS + 10_000, label: "waits to redial" },
    ]);
  });

  it("goes on until now while the call waits", () => {
    const entries = readTimeline([{ status: "queued", at: iso(0), reason: "carrier_too_fast" }]);
    const wait = { toMs: nowMs, label: "waits for the carrier", isOpen: true };
    expect(waitLane(entries, nowMs).segments).toMatchObject([wait]);
  });
});

describe("a preparation", () => {
  const entries = readTimeline([
    { status: "queued", at: iso(0) },
    { status: "connecting", at: iso(5), preparing_at: iso(2) },
  ]);

  it("ends the wait in the line, and goes before the ringing", () => {
    const call = aCall({ connecting_at: iso(5), ended_at: iso(9) });
    const preparations = preparationsOf(call, entries);
    const waits = waitLane(entries, nowMs, preparations).segments;
    expect(waits).toMatchObject([
      { fromMs: START_MS, toMs: START_MS + 2_000, label: "in line", isOpen: false },
    ]);
    expect(attemptLanes(call, nowMs, preparations)[0]?.segments).toMatchObject([
      { fromMs: START_MS + 2_000, toMs: START_MS + 5_000, label: "prepares the agent", isOpen: false },
      { fromMs: START_MS + 5_000, label: "rings" },
    ]);
  });

  it("goes on until now while the agent of a redial is waited for", () => {
    const attempts = [anAttempt({ connecting_at: null, ended_at: iso(1) })];
    const call = aCall({ attempts, preparing_at: iso(2), connecting_at: null, ended_at: null });
    const preparations = preparationsOf(call, []);
    const lanes = attemptLanes(call, nowMs, preparations);
    expect(lanes.map(({ segments }) => segments.length)).toEqual([0, 1]);
    expect(lanes[1]?.segments).toMatchObject([{ toMs: nowMs, isOpen: true }]);
    expect(waitLane(entries.slice(0, 1), nowMs, preparations).segments).toMatchObject([{ isOpen: false }]);
  });

  it("is shown once for an attempt that ended without an agent", () => {
    const attempts = [anAttempt({ connecting_at: null })];
    const call = aCall({ attempts, preparing_at: iso(2), connecting_at: null });
    const lanes = attemptLanes(call, nowMs, preparationsOf(call, []));
    expect(lanes.map(({ segments }) => segments.length)).toEqual([1]);
  });
});

describe("the lanes of attempts", () => {
  it("have what was returned by the carrier in the lane of its attempt", () => {
    const returned = anAttempt({ returned: true, ended_at: iso(2) });
    const attempts = [returned, anAttempt({ connecting_at: iso(4), ended_at: iso(6) })];
    const lanes = attemptLanes(aCall({ attempts, connecting_at: iso(4) }), nowMs);
    expect(lanes).toHaveLength(1);
    expect(lanes[0]?.segments.map(({ label }) => label)).toEqual(["rings", "rings"]);
  });

  it("have the dial that goes on, until now", () => {
    const call = aCall({
      attempts: [anAttempt()],
      connecting_at: iso(10),
      answered_at: iso(12),
      ended_at: null,
    });
    const lanes = attemptLanes(call, nowMs);
    expect(lanes.map(({ label }) => label)).toEqual(["Attempt 1", "Attempt 2"]);
    expect(lanes[1]?.segments).toMatchObject([
      { label: "rings", isOpen: false },
      { label: "talks", isOpen: true, toMs: nowMs },
    ]);
  });

  it("show an attempt without an INVITE as a mark", () => {
    const call = aCall({ attempts: [anAttempt({ connecting_at: null })], connecting_at: null });
    expect(attemptLanes(call, nowMs)).toMatchObject([{ segments: [], marks: [{ tone: "bad" }] }]);
  });
});

describe("the scale", () => {
  it("keeps the order, and shows seconds beside an hour", () => {
    const { at } = scaleOf([0, 3_600_000, 3_605_000]);
    expect(at(0)).toBe(0);
    expect(at(3_605_000)).toBe(1);
    expect(1 - at(3_600_000)).toBeGreaterThan(0.2);
    expect(at(1_800_000)).toBeCloseTo(at(3_600_000) / 2);
  });

  it("has no ticks that overlap, and one at both ends", () => {
    const { ticks } = scaleOf(Array.from({ length: 100 }, (_, index) => index * 1_000));
    expect(ticks.length).toBeLessThan(14);
    expect([ticks[0]?.at, ticks.at(-1)?.at]).toEqual([0, 1]);
  });

  it("is not lost with a single time", () => {
    expect(scaleOf([5]).at(5)).toBe(0);
  });
});
