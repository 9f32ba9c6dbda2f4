import { expect, test } from "vitest";
import { policyDraft, policySpec } from "./policy";

test("what is read and not touched is sent as it was", () => {
  const redial = { max_attempts: 4, retry_on: ["busy" as const], intervals: [60, 600] };
  const calling_window = {
    start: "08:00",
    end: "24:00",
    days: ["mon" as const, "sun" as const],
    timezone: "Asia/Tokyo",
  };
  expect(policySpec(policyDraft({ redial, calling_window }))).toEqual({
    redial: { maxAttempts: 4, retryOn: ["busy"], intervals: [60, 600] },
    calling_window,
  });
});

test("none stays none", () => {
  const none = { redial: null, calling_window: null };
  expect(policySpec(policyDraft(none))).toEqual(none);
});

test("no zone is the callee's own", () => {
  const draft = { ...policyDraft({ redial: null, calling_window: null }), hasWindow: true };
  expect(policySpec(draft).calling_window?.timezone).toBeUndefined();
});
