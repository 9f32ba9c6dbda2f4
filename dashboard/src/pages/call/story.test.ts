import { describe, expect, it } from "vitest";
import { aCall, iso } from "./fixture";
import { possibleWith, verdictOf } from "./now";
import { deliveryText, storyOf, type Delivery } from "./story";
import { readTimeline, shownStatus } from "./timeline";

const words = { reasons: (reason: string) => `<${reason}>.`, hostOf: () => "crm.example.com" };

function aDelivery(change: Partial<Delivery> = {}): Delivery {
  return {
    id: "d",
    webhook_id: "wh",
    event: { id: "e", type: "call.failed", call_id: null, sequence: 3, at: iso(3) },
    state: "succeeded",
    failure: null,
    attempts: [
      { number: 1, at: iso(3.2), took_ms: 40, status: 200, error: null, detail: null, response_body: null },
    ],
    max_attempts: 5,
    next_attempt_at: null,
    redelivery_of: null,
    redelivered_as: null,
    created_at: iso(3.1),
    ...change,
  };
}

function told(timeline: Record<string, unknown>[], call = aCall()): string[] {
  return storyOf(call, readTimeline(timeline), [], words).map(({ title, text }) => `${title}: ${text ?? ""}`);
}

describe("the story", () => {
  it("says why an attempt failed and what the call waits for, with the SIP code", () => {
    const queued = {
      status: "queued",
      at: iso(3),
      reason: "dial_busy",
      attempt: 1,
      sip_status_code: 486,
      until: iso(9),
    };
    expect(told([queued])).toEqual(["Attempt 1 failed: <dial_busy> (SIP 486)."]);
  });

  it("says that a refused pace spends no attempt", () => {
    const [line] = told([{ status: "queued", at: iso(3), reason: "carrier_too_fast", sip_status_code: 503 }]);
    expect(line).toMatch(/^Back in line: .*No attempt is spent.*\(SIP 503\)\.$/);
  });

  it("ends with the API's sentence, and says if LiveKit did not confirm it", () => {
    const end = { status: "failed", at: iso(3), reason: "dial_busy", confirmed: false };
    expect(told([end])[0]).toBe("Failed: The line was busy (SIP 486). LiveKit has not confirmed the end.");
  });

  it("shows a step of a later release by its name, and leaves out what has no time", () => {
    expect(told([{ status: "moon_phase", at: iso(1) }, { status: "queued" }, { at: iso(2) }])).toEqual([
      "Moon phase: ",
    ]);
  });

  it("has the deliveries where they were sent", () => {
    const entries = readTimeline([
      { status: "initiated", at: iso(0) },
      { status: "summary", at: iso(4) },
    ]);
    const story = storyOf(aCall(), entries, [aDelivery()], words);
    expect(story.map(({ title }) => title)).toEqual(["Accepted", "Webhook: call.failed", "Summary written"]);
    expect(story[1]?.text).toBe("To crm.example.com: delivered, status 200 in 40 ms.");
  });
});

describe("a delivery", () => {
  it("says how often it was tried and what the endpoint responded", () => {
    const [first] = aDelivery().attempts;
    const failed = {
      ...first,
      number: 1,
      status: null,
      error: "connection_refused",
    } as Delivery["attempts"][number];
    expect(deliveryText(aDelivery({ state: "pending", attempts: [failed] }))).toBe(
      "attempt 1 of 5 failed, connection refused.",
    );
    expect(deliveryText(aDelivery({ attempts: [] }))).toBe("not sent yet.");
  });
});

describe("what the call does now", () => {
  it("is the end's sentence and the carrier's text", () => {
    expect(verdictOf(aCall())).toMatchObject({
      tone: "bad",
      text: "The line was busy (SIP 486).",
      more: "The carrier or LiveKit said: Busy Here",
    });
  });

  it("is what it waits for, and when that is likely to end", () => {
    const call = aCall({
      status: "queued",
      ended_at: null,
      queue_text: "Waits for its turn.",
      queue_position: 3,
      estimated_start: iso(60),
    });
    expect(verdictOf(call)).toMatchObject({
      text: "Waits for its turn.",
      more: "Number 3 in line.",
      until: iso(60),
    });
  });

  it("allows what the state allows", () => {
    const open = { ended_at: null, status: "queued" as const };
    expect(possibleWith(aCall(open))).toMatchObject({ end: "Cancel call", reschedule: false, erase: false });
    expect(possibleWith(aCall({ ...open, status: "active" })).end).toBe("Hang up");
    expect(possibleWith(aCall({ ...open, status: "scheduled" })).reschedule).toBe(true);
    expect(possibleWith(aCall({ ...open, queue_state: "unknown_zone" })).reschedule).toBe(true);
    expect(possibleWith(aCall())).toMatchObject({ end: null, erase: true });
    expect(possibleWith(aCall({ erased_at: iso(9) })).erase).toBe(false);
  });

  it("has a word for a cancelled call", () => {
    expect(shownStatus({ status: "failed", status_reason: "cancelled" })).toBe("cancelled");
    expect(shownStatus({ status: "failed", status_reason: "dial_busy" })).toBe("failed");
  });
});
