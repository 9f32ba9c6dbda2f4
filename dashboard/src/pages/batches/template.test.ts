import { expect, test } from "vitest";
import { outboundTemplate, phoneColumn, placeholder } from "./template";

test.each([
  ["phone", "{{row.phone}}"],
  ["First Name", "{{row.First Name}}"],
  ["Téléphone", "{{row.Téléphone}}"],
  ["Phone (mobile)", '{{row["Phone (mobile)"]}}'],
  ['a"b', '{{row["a\\"b"]}}'],
])("%s is written as %s", (column, text) => {
  expect(placeholder(column)).toBe(text);
});

test("the column of numbers is guessed", () => {
  expect(phoneColumn(["Name", "Mobile"])).toBe("Mobile");
  expect(phoneColumn(["x", "y"])).toBe("x");
  expect(phoneColumn([])).toBeNull();
});

test("metadata is there if columns are chosen", () => {
  expect(outboundTemplate("a", "phone", [])).toEqual({ agentId: "a", phoneNumber: "{{row.phone}}" });
  expect(outboundTemplate("a", "phone", ["name"])).toHaveProperty("metadata", { name: "{{row.name}}" });
});
