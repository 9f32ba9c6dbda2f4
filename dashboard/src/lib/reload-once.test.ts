import { expect, it } from "vitest";
import { mayReload } from "./reload-once";

it("reloads once in a minute, so that a file that stays away is no endless loop", () => {
  const stored = new Map<string, string>();
  const storage = {
    getItem: (key: string) => stored.get(key) ?? null,
    setItem: (key: string, value: string) => void stored.set(key, value),
  };
  const nowMs = 1_800_000_000_000;
  const tries = [0, 1_000, 59_999, 60_000, 60_001].map((laterMs) => mayReload(storage, nowMs + laterMs));
  expect(tries).toEqual([true, false, false, true, false]);
});
