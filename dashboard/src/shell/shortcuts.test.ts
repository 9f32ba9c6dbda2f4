import { expect, it } from "vitest";
import { SECTIONS, sectionsOf } from "./navigation";
import { isTyping, pathOfKeys } from "./shortcuts";

const press = (key: string, atMs: number) => ({ key, atMs });

it("goes to a page by g and its key, within a second and a half", () => {
  expect(pathOfKeys(SECTIONS, press("g", 0), press("c", 1_500))).toBe("/calls");
  expect(pathOfKeys(SECTIONS, press("g", 0), press("c", 1_501))).toBeNull();
  expect(pathOfKeys(SECTIONS, press("x", 0), press("c", 1))).toBeNull();
  expect(pathOfKeys(SECTIONS, null, press("c", 1))).toBeNull();
});

it("has a key for each page, and none twice", () => {
  const keys = SECTIONS.flatMap((section) => section.pages.map((page) => page.key));
  expect(new Set(keys).size).toBe(keys.length);
});

it("shows the pages alone that there are", () => {
  const shown = sectionsOf(new Set(["/calls"]));
  expect(shown.map((section) => section.pages.map((page) => page.to))).toEqual([["/calls"]]);
});

it("leaves keys to whoever types", () => {
  expect(isTyping({ tagName: "INPUT" })).toBe(true);
  expect(isTyping({ tagName: "DIV", isContentEditable: true })).toBe(true);
  expect(isTyping({ tagName: "DIV" })).toBe(false);
  expect(["text", "search", "checkbox"].map((type) => isTyping({ tagName: "INPUT", type }))).toEqual([
    true,
    true,
    false,
  ]);
  expect(isTyping(null)).toBe(false);
});
