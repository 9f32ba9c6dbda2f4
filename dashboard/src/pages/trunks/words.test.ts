import { describe, expect, it } from "vitest";
import {
  breakerNote,
  breakerText,
  concurrencyLimit,
  eventWords,
  pauseText,
  whyNotChangeable,
  whyNotPausable,
} from "./words";

const breaker = {
  state: "closed" as const,
  reason: null,
  opened_at: null,
  open_until: null,
  failures_in_a_row: 0,
};

describe("a pause", () => {
  it("says who can end it", () => {
    expect(pauseText("paused_by_operator")).toContain("the operator, who alone can end it");
    expect(pauseText("paused_by_request")).toContain("somebody resumes it");
  });
  it("says what the carrier did", () => {
    expect(pauseText("carrier_failing: trunk_auth_failed")).toBe(
      "The circuit breaker paused it: the trunk's credentials are missing or wrong.",
    );
    expect(pauseText("carrier_failing: SIP 503")).toContain("answered SIP 503 several times");
    expect(pauseText("carrier_failing: of_later")).toBe("The circuit breaker paused it: of later.");
  });
  it("has LiveKit's own text", () => {
    expect(pauseText("livekit_refused: unknown trunk")).toBe("LiveKit refuses its calls: unknown trunk");
  });
  it("shows an unknown reason as it is", () => {
    expect(pauseText("of_a_later_version")).toBe("Paused: of a later version.");
  });
});

describe("the breaker", () => {
  it("is in words", () => {
    expect(
      (["closed", "open", "half_open"] as const).map((state) => breakerText({ ...breaker, state })),
    ).toEqual(["Closed", "Open", "Half open"]);
  });
  it("counts the failures in a row", () => {
    expect(breakerNote(breaker)).toBeUndefined();
    expect(breakerNote({ ...breaker, failures_in_a_row: 1 })).toBe("1 failure in a row");
    expect(breakerNote({ ...breaker, state: "half_open", failures_in_a_row: 5 })).toBe("one call at a time");
  });
});

describe("what a tenant may change", () => {
  it("is a trunk of its own alone", () => {
    expect(whyNotChangeable({ shared: false })).toBeNull();
    expect(whyNotChangeable({ shared: true })).toContain("only the operator");
  });
  it("is not a pause of the operator", () => {
    expect(whyNotPausable({ shared: false, paused_reason: "paused_by_operator" })).toContain(
      "alone can resume",
    );
    expect(whyNotPausable({ shared: false, paused_reason: "paused_by_request" })).toBeNull();
  });
});

describe("the limit of concurrent calls", () => {
  it("is the lower of two, or none", () => {
    const limits = (trunk: number | null, tenant: number | null) =>
      concurrencyLimit({ max_concurrent_calls: trunk, tenant_max_concurrent_calls: tenant });
    expect([limits(null, null), limits(10, null), limits(null, 4), limits(10, 4)]).toEqual([null, 10, 4, 4]);
  });
});

describe("an event", () => {
  it("says what happened and why", () => {
    expect(eventWords({ type: "trunk.paused", reason: "paused_by_request" })).toEqual({
      what: "Paused",
      why: "by request",
    });
    expect(eventWords({ type: "trunk.paused", reason: "carrier_failing: media_failed" }).why).toBe(
      "carrier failing: media failed",
    );
  });
});
