import { describe, expect, it } from "vitest";
import { limitChange, limitFields } from "./limits-form";
import type { TrunkSummary } from "./queries";

const trunk = { cps: 5, cps_budget: 5, max_concurrent_calls: null } as TrunkSummary;

describe("the limits of a trunk", () => {
  it("are empty where the operator's apply", () => {
    expect(limitFields(trunk)).toEqual({ cps: "", max_concurrent_calls: "" });
    expect(limitFields({ ...trunk, cps: 2, max_concurrent_calls: 7 })).toEqual({
      cps: 2,
      max_concurrent_calls: 7,
    });
  });
  it("are sent only if they were changed", () => {
    const before = limitFields({ ...trunk, cps: 2 });
    expect(limitChange(before, before)).toEqual({});
    expect(limitChange(before, { ...before, max_concurrent_calls: 4 })).toEqual({ max_concurrent_calls: 4 });
  });
  it("are removed by an empty field", () => {
    const before = limitFields({ ...trunk, cps: 2 });
    expect(limitChange(before, { ...before, cps: "" })).toEqual({ cps: null });
  });
});
