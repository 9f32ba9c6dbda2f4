import { expect, it } from "vitest";
import { safeReturnTo } from "./return-to";

it.each(["/", "/calls?status=failed", "/calls/550e8400?tab=json#end"])("goes back to %s", (path) => {
  expect(safeReturnTo(path)).toBe(path);
});

it.each([
  "https://evil.example",
  "//evil.example",
  "/\\evil.example",
  "/\t/evil.example",
  "\\\\evil.example",
  "javascript:alert(1)",
  "calls",
  "/sign-in?return_to=/sign-in",
  "",
  7,
  null,
  undefined,
])("does not go to %j", (path) => {
  expect(safeReturnTo(path)).toBe("/");
});
