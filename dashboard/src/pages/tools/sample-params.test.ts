import { expect, test } from "vitest";
import { sampleParams } from "./sample-params";

test("each parameter has its default, its first choice, or a value of its type", () => {
  const parameters = [
    { name: "meal", type: "string" },
    { name: "size", type: "string", enum: ["small", "large"] },
    { name: "count", type: "integer", default: 3 },
    { name: "now", type: "boolean" },
  ];
  expect(sampleParams({ parameters })).toEqual({ meal: "text", size: "small", count: 3, now: true });
});

test("a config without parameters, or with strange ones, has none", () => {
  expect(sampleParams({})).toEqual({});
  expect(sampleParams({ parameters: [null, 7, { type: "string" }] })).toEqual({});
});
