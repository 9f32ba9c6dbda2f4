import { expect, it } from "vitest";
import { excerpt } from "./excerpt";

it("ends at the end of a line", () => {
  expect(excerpt("one\ntwo\nthree", 9)).toEqual({ text: "one\ntwo", left: 6 });
});

it("cuts a text of one line, and leaves a short one whole", () => {
  expect(excerpt("x".repeat(10), 4)).toEqual({ text: "xxxx", left: 6 });
  expect(excerpt("short", 9)).toEqual({ text: "short", left: 0 });
});
