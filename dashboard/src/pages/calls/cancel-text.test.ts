import { expect, it } from "vitest";
import { cancelText } from "./cancel-text";

it("names each result that there was, the good ones first", () => {
  const counts = new Map([
    ["ended", 1],
    ["cancelled", 1_200],
    ["not_found", 0],
  ] as const);
  expect(cancelText(counts)).toBe("1,200 cancelled, 1 had ended already.");
  expect(cancelText(new Map())).toBe("Nothing was cancelled.");
});
