import { describe, expect, it } from "vitest";
import { changedFields } from "~/lib/draft";
import { draftOf, lacksEvents, specOf, type Draft } from "./draft";
import { eventsText, isSelected, toggled } from "./events";
import { webhookSearch } from "./filters";
import { attemptText, deliveryText, healthOf, isSuccess } from "./health";
import type { Delivery, Webhook } from "./queries";

const WEBHOOK: Webhook = {
  id: "wh_1",
  url: "https://example.com/hooks?[hidden]",
  filter: { events: ["call.*"], include_transcript: false, include_metrics: false },
  max_attempts: 5,
  description: "",
  headers: { "X-Token": "[hidden]" },
  rate_limit_per_s: null,
  enabled: true,
  disabled_reason: null,
  livemode: true,
  health: { state: "healthy", consecutive_failures: 0, failing_since: null, next_try_at: null },
  previous_secret_until: null,
  created_at: "2026-11-28T10:00:00Z",
  updated_at: "2026-11-28T10:00:00Z",
};

describe("a draft", () => {
  const changes = (draft: Draft) => changedFields(specOf(draftOf(WEBHOOK)), specOf(draft));

  it("that nobody changed sends nothing", () => {
    expect(changes(draftOf(WEBHOOK))).toEqual({});
  });

  it("sends what was changed alone, so that hidden values stay", () => {
    expect(changes({ ...draftOf(WEBHOOK), maxAttempts: 7, allEvents: true })).toEqual({
      max_attempts: 7,
      filter: { events: [], include_transcript: false, include_metrics: false },
    });
  });

  it("leaves out headers without a name, and an empty rate", () => {
    const draft = { ...draftOf(), url: " https://a.example ", headers: [{ key: 0, name: " ", value: "x" }] };
    expect(specOf(draft)).toMatchObject({ url: "https://a.example", headers: {}, rate_limit_per_s: null });
  });

  it("that chooses no event is not one of all events", () => {
    expect([draftOf(), { ...draftOf(), allEvents: false }].map(lacksEvents)).toEqual([false, true]);
  });
});

describe("a filter of events", () => {
  it("selects by group and by name", () => {
    const selected = (patterns: string[]) => isSelected(patterns, "call.agent.changed");
    expect([["*"], ["call.*"], ["call.agent.changed"], ["trunk.*"], []].map(selected)).toEqual([
      true,
      true,
      true,
      false,
      false,
    ]);
  });

  it("lets a group stand for its events", () => {
    expect(toggled(["call.failed", "trunk.paused"], "call.*")).toEqual(["trunk.paused", "call.*"]);
    expect(toggled(["call.*"], "call.*")).toEqual([]);
  });

  it("is named in short", () => {
    expect([[], ["call.*"], ["a", "b", "c"]].map(eventsText)).toEqual([
      "All events",
      "call.*",
      "a and 2 more",
    ]);
  });
});

describe("health", () => {
  const of = (state: typeof WEBHOOK.health.state, enabled = true, reason: string | null = null) =>
    healthOf({
      enabled,
      disabled_reason: reason,
      health: { ...WEBHOOK.health, state, consecutive_failures: 10 },
    });

  it("has a word and a reason for each state", () => {
    expect((["healthy", "failing", "resting"] as const).map((state) => of(state).label)).toEqual([
      "healthy",
      "failing",
      "resting",
    ]);
    expect(of("resting").text).toContain("10 requests in a row failed");
  });

  it("says who disabled it", () => {
    expect(of("failing", false, "it failed for five days").text).toContain("it failed for five days");
    expect(of("failing", false, "by request").text).toContain("Somebody disabled it");
  });
});

describe("a delivery", () => {
  const delivery = (values: Partial<Delivery>): Delivery => ({
    id: "dlv_1",
    webhook_id: "wh_1",
    event: { id: "evt_1", type: "call.failed", call_id: null, sequence: null, at: "" },
    state: "pending",
    failure: null,
    attempts: [],
    max_attempts: 5,
    next_attempt_at: null,
    redelivery_of: null,
    redelivered_as: null,
    created_at: "",
    ...values,
  });

  it("says why it ended, or what it waits for", () => {
    expect(deliveryText(delivery({ state: "failed", failure: "endpoint_gone" }))).toContain("410");
    expect(deliveryText(delivery({ state: "failed", failure: "new_reason" }))).toBe("Given up: new_reason.");
    expect(deliveryText(delivery({ next_attempt_at: "2026-11-28T10:00:00Z" }))).toContain("Attempt 1 of 5");
  });

  it("has attempts that read as status or reason", () => {
    const attempts = [
      { status: 204, error: null },
      { status: 500, error: null },
      { status: null, error: "connection_failed" },
      { status: null, error: "some_new_error" },
    ];
    expect(attempts.map(attemptText)).toEqual(["204", "500", "No connection", "some new error"]);
    expect(attempts.map(isSuccess)).toEqual([true, false, false, false]);
  });
});

it("takes from the URL what it knows alone", () => {
  expect(webhookSearch({ state: "lost", event_type: "call.failed", since: "yesterday", tab: 5 })).toEqual({
    event_type: "call.failed",
  });
});
