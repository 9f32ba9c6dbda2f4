import { expect, test } from "vitest";
import { scheduleDraft, scheduleFields, timesOf } from "./draft";
import type { Schedule } from "./queries";

test("a new schedule is a crontab line in the viewer's zone", () => {
  expect(timesOf(scheduleDraft(undefined, "Europe/Berlin"))).toEqual({
    ...{ cron: "0 9 * * mon-fri", rate: null, at: null, timezone: "Europe/Berlin" },
    ...{ starts_at: null, ends_at: null },
  });
});

test("one way to say when is sent, and the others are not", () => {
  const draft = scheduleDraft(undefined, "UTC");
  expect(timesOf({ ...draft, when: "rate", rate: "15 minutes" })).toMatchObject({
    cron: null,
    rate: "15 minutes",
  });
  expect(timesOf({ ...draft, when: "at", at: "" })).toMatchObject({ cron: null, rate: null, at: null });
  expect(timesOf({ ...draft, when: "at", at: "2026-11-28T10:00" }).at).toMatch(/^2026-11-2\dT\d\d:\d\d:00Z$/);
});

test("the call is sent as it was read", () => {
  const body = { workflow_slug: "x", user_id: "{{schedule.date}}" };
  const stored = { kind: "workflow", body } as unknown as Schedule;
  expect(scheduleFields(scheduleDraft(stored, "UTC"))).toMatchObject({ kind: "workflow", body });
});
