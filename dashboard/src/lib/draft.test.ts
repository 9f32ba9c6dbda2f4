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

test("what others changed in the same object is kept, too", () => {
  const before = { body: { agentId: "a", priority: 5, metadata: { order: 1 } }, name: "x" };
  const edited = { body: { agentId: "b", metadata: { order: 1, note: "mine" } }, name: "x" };
  const newer = { body: { agentId: "a", priority: 5, metadata: { order: 2 } }, name: "y" };
  expect(rebased<object>(before, edited, newer)).toEqual({
    body: { agentId: "b", metadata: { order: 2, note: "mine" } },
    name: "y",
  });
});
