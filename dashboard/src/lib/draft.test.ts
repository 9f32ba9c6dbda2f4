import { expect, test } from "vitest";
import { changedFields, differences, rebased } from "./draft";

const base = { name: "Ada", tools: ["a"], ring: 30, note: "" };

test("what was edited is kept, and what was not takes the newer values", () => {
  const edited = { ...base, name: "Bea", tools: ["a", "b"] };
  const newer = { ...base, ring: 45, tools: [] };
  expect(rebased(base, edited, newer)).toEqual({ name: "Bea", tools: ["a", "b"], ring: 45, note: "" });
});

test("a change has the fields that differ, and no other", () => {
  expect(changedFields(base, { ...base, tools: ["a"], ring: 45 })).toEqual({ ring: 45 });
  expect(changedFields(base, { ...base })).toEqual({});
  expect(differences<object>({ ...base, at: undefined }, base)).toEqual([]);
});
