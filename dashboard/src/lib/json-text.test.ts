import { expect, test } from "vitest";
import { parseObject, prettyJson } from "./json-text";

test("an object is read, and an empty text is an empty one", () => {
  expect(parseObject('{"a": 1}', "body")).toEqual({ value: { a: 1 } });
  expect(parseObject("  ", "body")).toEqual({ value: {} });
});

test.each(["[1]", "null", '"x"', "1"])("%s is no object", (text) => {
  expect(parseObject(text, "body").error).toBe("body must be an object: { … }");
});

test("what is no JSON says so", () => {
  expect(parseObject("{'a': 1}", "body").error).toMatch(/^body is no valid JSON: /);
});

test("large integers are edited with every digit", () => {
  const text = '{\n  "order": 12345678901234567890\n}';
  expect(prettyJson(parseObject(text, "body").value)).toBe(text);
});
