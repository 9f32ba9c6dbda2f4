import { describe, expect, it } from "vitest";
import { requestBudget } from "./request-budget";

/** How many requests a loop sends from a time on that takes its next one as soon as it has sent one. */
function sentWithin(milliseconds: number, take: (nowMs: number) => number, fromMs = 0): number {
  let [sent, nowMs] = [0, fromMs];
  for (;;) {
    nowMs += take(nowMs);
    if (nowMs >= fromMs + milliseconds) return sent;
    sent += 1;
  }
}

describe("the budget of long polls", () => {
  it("sends the first requests at once", () => {
    const { take } = requestBudget(3, 60);
    expect([take(0), take(10), take(20), take(30)]).toEqual([0, 0, 0, 970]);
  });
  it("keeps its rate where something changes all the time", () => {
    const { take } = requestBudget(10, 45);
    expect(sentWithin(60_000, take)).toBe(10 + 45 - 1);
    expect(sentWithin(60_000, take, 60_000)).toBeLessThanOrEqual(45 + 1);
  });
  it("has again what was not sent", () => {
    const { take, giveBack } = requestBudget(1, 60);
    take(0);
    expect(take(0)).toBe(1_000);
    giveBack();
    expect(take(0)).toBe(1_000);
  });
  it("saves what is not used, but no more than can be sent at once", () => {
    const { take } = requestBudget(3, 60);
    take(0);
    expect([0, 0, 0, 0].map(() => take(3_600_000))).toEqual([0, 0, 0, 1_000]);
  });
});
