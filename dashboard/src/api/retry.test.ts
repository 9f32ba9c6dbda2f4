import { expect, it } from "vitest";
import { ApiError, networkError, timeoutError } from "./errors";
import { recoveryMs, retryDelayMs, shouldRetry } from "./retry";

const limited = new ApiError(429, { type: "rate_limited", message: "Rate limited", retryAfterS: 9 });
const briefly = new ApiError(503, { type: "service_unavailable", message: "AWS", retryAfterS: 1 });
const refused = new ApiError(403, { type: "missing_scope", message: "Missing scope: calls:read" });

it("tries again what can succeed later, three times", () => {
  expect([0, 1, 2, 3].map((failures) => shouldRetry(failures, networkError()))).toEqual([
    true,
    true,
    true,
    false,
  ]);
  expect(shouldRetry(0, briefly)).toBe(true);
  expect(shouldRetry(0, refused)).toBe(false);
  expect(shouldRetry(0, new Error("a bug"))).toBe(false);
  expect(shouldRetry(0, new DOMException("aborted", "AbortError"))).toBe(true);
});

it("waits as long as the API asks, and never less", () => {
  expect(retryDelayMs(0, limited, () => 0)).toBe(9_000);
  expect(retryDelayMs(0, limited, () => 1)).toBeCloseTo(9_900);
});

it("waits longer each time, by chance, and at most half a minute", () => {
  expect([0, 1, 2].map((failures) => retryDelayMs(failures, networkError(), () => 0))).toEqual([
    500, 1000, 2000,
  ]);
  expect(retryDelayMs(1, networkError(), () => 1)).toBe(500);
  expect(retryDelayMs(20, networkError(), () => 0)).toBe(30_000);
});

it("says at once what takes longer, and reads again when that can help", () => {
  expect(shouldRetry(0, limited)).toBe(false);
  expect(shouldRetry(0, timeoutError("GET", 35))).toBe(false);
  expect(recoveryMs(limited)).toBe(10_000);
  expect(recoveryMs(new ApiError(429, { type: "rate_limited", message: "", retryAfterS: 40 }))).toBe(40_000);
  expect(recoveryMs(refused)).toBe(false);
  expect(recoveryMs(null)).toBe(false);
});
