import { expect, it } from "vitest";
import { fromLocalField, toLocalField } from "./local-time";

it("goes there and back, to the minute", () => {
  expect(fromLocalField(toLocalField("2026-11-28T14:03:00Z"))).toBe("2026-11-28T14:03:00Z");
});

it("is the viewer's own time", () => {
  const at = new Date(2026, 10, 28, 9, 5);
  expect(toLocalField(at.toISOString())).toBe("2026-11-28T09:05");
});

it.each(["", "soon", null, undefined])("makes nothing of %j", (text) => {
  expect([toLocalField(text), fromLocalField(text ?? "")]).toEqual(["", undefined]);
});
