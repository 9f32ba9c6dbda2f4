import { beforeEach, expect, it } from "vitest";
import { forgetLimit, noteLimit, pollIntervalMs } from "./polling";

beforeEach(forgetLimit);

it("polls a quarter as often for a minute after a 429", () => {
  expect(pollIntervalMs(5_000, 1_000)).toBe(5_000);
  noteLimit(undefined, 1_000);
  expect(pollIntervalMs(5_000, 60_999)).toBe(20_000);
  expect(pollIntervalMs(5_000, 61_000)).toBe(5_000);
});

it("polls less often for as long as the API asks", () => {
  noteLimit(90, 0);
  noteLimit(1, 1_000);
  expect(pollIntervalMs(1_000, 89_000)).toBe(4_000);
});
