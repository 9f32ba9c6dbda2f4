import { describe, expect, it } from "vitest";
import { callFilters, callsSearch, canBeFollowed, lookedFor, lookFor, queryOf } from "./filters";

describe("filters in the URL", () => {
  it("survive a plus that became a space, and digits that became a number", () => {
    expect(callFilters({ phone_number: " 15550100001" }).phone_number).toBe("+15550100001");
    expect(callFilters({ phone_number: 15550100001 }).phone_number).toBe("+15550100001");
  });

  it("ignore what is none of theirs", () => {
    const found = callsSearch({ status: "lost", since: "9y", view: "all", metadata: ["a"] });
    expect(Object.values(found).every((value) => value === undefined)).toBe(true);
  });

  it("become the API's parameters, with a time of whole minutes", () => {
    const now = Date.parse("2026-11-28T10:00:31Z");
    expect(queryOf({ status: "failed", since: "1h", user_id: undefined }, now)).toEqual({
      status: "failed",
      created_after: "2026-11-28T09:00:00.000Z",
    });
  });

  it("cannot be followed if the API must read each call", () => {
    expect(canBeFollowed({ status: "failed" })).toBe(true);
    expect(canBeFollowed({ metadata: "order=1" })).toBe(false);
    expect(canBeFollowed({ failure_reason: "dial_busy" })).toBe(false);
  });
});

describe("the search field", () => {
  it("tells a call, a number, metadata and a user apart", () => {
    const id = "540FD075-0000-4000-8000-000000000000";
    expect(lookFor(` ${id} `)).toEqual({ callId: id.toLowerCase() });
    expect(lookFor("+1 (555) 010-0001")).toMatchObject({ filters: { phone_number: "+15550100001" } });
    expect(lookFor("order=4711")).toMatchObject({ filters: { metadata: "order=4711" } });
    expect(lookFor("user-7")).toMatchObject({ filters: { user_id: "user-7", phone_number: undefined } });
  });

  it("shows what was looked for, and nothing when it is emptied", () => {
    expect(lookedFor({ metadata: "order=4711" })).toBe("order=4711");
    expect(lookFor("  ")).toEqual({
      filters: { phone_number: undefined, user_id: undefined, metadata: undefined },
    });
  });
});
