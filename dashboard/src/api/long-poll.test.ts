import { expect, it } from "vitest";
import { pauseAfterS } from "./long-poll";

it("goes on at once, or when the API says so", () => {
  expect([pauseAfterS({}, 0), pauseAfterS({ pollAfterS: 3 }, 0)]).toEqual([0, 3]);
});

it("waits longer after each failure, and as long as the API asks", () => {
  expect([1, 2, 3, 9].map((failures) => pauseAfterS({ isTransient: true }, failures))).toEqual([1, 2, 4, 30]);
  expect(pauseAfterS({ isTransient: true, retryAfterS: 12 }, 1)).toBe(12);
});

it("ends at what cannot succeed later", () => {
  expect([pauseAfterS({ isTransient: false }, 1), pauseAfterS({}, 1)]).toEqual([null, null]);
});
