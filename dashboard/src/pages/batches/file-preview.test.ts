import { expect, test } from "vitest";
import { filePreview, formatOf, type Format } from "./file-preview";

const preview = (text: string, format: Format) => filePreview(new TextEncoder().encode(text), format, false);

test.each([
  ["rows.csv", "[1]", "csv"],
  ["rows.jsonl", "", "ndjson"],
  ["rows.json", '\uFEFF [{"a": 1}]', "json"],
  ["rows.json", '{"a": 1}\n{"a": 2}', "ndjson"],
  ["rows.txt", "a,b\n1,2", "csv"],
])("%s with %j is %s", (name, text, format) => {
  expect(formatOf(name, text)).toBe(format);
});

test.each<[Format, string]>([
  ["ndjson", '{"phone": "+1", "n": 12345678901234567890}\n\n{"phone": "+2", "a": {"b": "}"}}\n{"phone": "+3'],
  ["json", '[{"phone": "+1", "n": 12345678901234567890}, {"phone": "+2", "a": {"b": "}"}}, {"phone"'],
])("rows of %s are shown up to where the part ends", (format, text) => {
  expect(preview(text, format)).toEqual({
    columns: ["phone", "n", "a"],
    always: ["phone"],
    rows: [
      ["+1", "12345678901234567890", ""],
      ["+2", "", '{"b":"}"}'],
    ],
  });
});

test("a name that every object knows is a column like any other", () => {
  expect(preview('{"constructor": 1}\n{"a": 2}', "ndjson")).toEqual({
    columns: ["constructor", "a"],
    always: [],
    rows: [
      ["1", ""],
      ["", "2"],
    ],
  });
});

test("a row that is no JSON is left out, and none make no columns", () => {
  expect(preview('{bad}\n{"a": 1}', "ndjson").rows).toEqual([["1"]]);
  expect(preview("[]", "json")).toEqual({ columns: [], always: [], rows: [] });
});
