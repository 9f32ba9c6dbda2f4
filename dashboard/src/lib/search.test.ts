import { expect, it } from "vitest";
import { flagOf, hasFilters, numberOf, oneOf, textOf, timeOf } from "./search";

it("takes what a page knows, and nothing else", () => {
  expect(oneOf("failed", ["failed", "completed"])).toBe("failed");
  expect(oneOf(["failed"], ["failed"])).toBeUndefined();
  expect([textOf("a"), textOf(7), textOf(""), textOf({}), textOf("x".repeat(201))]).toEqual([
    "a",
    "7",
    undefined,
    undefined,
    undefined,
  ]);
  expect([numberOf("3", 1, 5), numberOf(9, 1, 5), numberOf("x", 1, 5)]).toEqual([3, undefined, undefined]);
  expect([flagOf("true"), flagOf(false), flagOf("no")]).toEqual([true, undefined, undefined]);
  expect([timeOf("2026-01-02T03:04:05Z"), timeOf("2026-01-02"), timeOf("soonZ")]).toEqual([
    "2026-01-02T03:04:05Z",
    undefined,
    undefined,
  ]);
});

it("says whether a list is filtered", () => {
  expect(hasFilters({ status: undefined })).toBe(false);
  expect(hasFilters({ status: "failed" })).toBe(true);
});
