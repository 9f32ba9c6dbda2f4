import { expect, test } from "vitest";
import { parseExactly } from "./exact-json";
import { changesBetween } from "./json-diff";

test("equal values have no changes", () => {
  expect(changesBetween({ a: [1, { b: null }] }, { a: [1, { b: null }] })).toEqual([]);
});

test("what is new, gone and changed is named by its path", () => {
  const before = { name: "x", redial: null, tools: ["a", "b"], old: 1 };
  const after = { name: "y", redial: { intervals: [60] }, tools: ["a"], more: true };
  expect(changesBetween(before, after)).toEqual([
    { path: "name", before: "x", after: "y" },
    { path: "redial", before: null, after: { intervals: [60] } },
    { path: "tools[1]", before: "b", after: undefined },
    { path: "more", before: undefined, after: true },
    { path: "old", before: 1, after: undefined },
  ]);
});

test("a list that becomes an object is one change", () => {
  expect(changesBetween({ a: [1] }, { a: { 0: 1 } })).toEqual([{ path: "a", before: [1], after: { 0: 1 } }]);
});

test("a great difference is cut", () => {
  const many = Object.fromEntries(Array.from({ length: 5_000 }, (_, index) => [`k${index}`, index]));
  expect(changesBetween({}, many, 10)).toHaveLength(10);
});

test("large integers differ by any digit", () => {
  const [before, same, after] = ["12345678901234567890", "12345678901234567890", "12345678901234567891"].map(
    parseExactly,
  );
  expect(changesBetween({ n: before }, { n: same })).toEqual([]);
  expect(changesBetween({ n: before }, { n: after })).toEqual([{ path: "n", before, after }]);
});
