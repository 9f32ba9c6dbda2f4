import { expect, it } from "vitest";
import { observeDate, serverNowMs } from "./clock";
import { clockTime, durationText, relativeTime, relativeTimeLastsMs } from "./time";

const NOW = Date.parse("2026-05-04T12:00:00Z");

it.each([
  [0, "now"],
  [-4_999, "now"],
  [-5_000, "5 sec. ago"],
  [-59_999, "59 sec. ago"],
  [-3_600_000, "1 hr. ago"],
  [-90_000_000, "1 day ago"],
  [120_000, "in 2 min."],
])("shows %i ms from now as %s", (offset, text) => {
  expect(relativeTime(NOW + offset, NOW)).toBe(text);
});

it("counts seconds each second, and hours now and then", () => {
  expect([1_000, 60_000, 3_600_000].map((ago) => relativeTimeLastsMs(NOW - ago, NOW))).toEqual([
    1_000, 15_000, 300_000,
  ]);
});

it.each([
  [0.42, "0.4 s"],
  [3, "3 s"],
  [59.6, "1 min 0 s"],
  [185, "3 min 5 s"],
  [7_800, "2 h 10 min"],
])("shows %d seconds as %s", (seconds, text) => {
  expect(durationText(seconds)).toBe(text);
});

it("goes by the API's clock if the computer's is wrong", () => {
  observeDate("Mon, 04 May 2026 12:00:00 GMT", NOW - 600_000);
  expect(serverNowMs(NOW - 600_000)).toBe(NOW + 500);
});

it("takes a small difference for the way of the response", () => {
  observeDate("Mon, 04 May 2026 12:00:00 GMT", NOW + 1_500);
  expect(serverNowMs(NOW)).toBe(NOW);
});

it("ignores a date that is none", () => {
  observeDate("Mon, 04 May 2026 12:00:00 GMT", NOW);
  observeDate("yesterday", 0);
  observeDate(null, 0);
  expect(serverNowMs(NOW)).toBe(NOW);
});

it("has seconds on a short axis", () => {
  expect(clockTime(59, 120)).toMatch(/^\d\d:\d\d:59$/);
  expect(clockTime(59, 3_600)).toMatch(/^\d\d:\d\d$/);
});
