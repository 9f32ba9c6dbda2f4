import { expect, test } from "vitest";
import { asJson, bodyDraft, bodyOf } from "../call-form/body";
import { NO_MAPPING, phoneColumn, placeholder, userColumn, withMapping } from "./template";

test.each([
  ["phone", "{{row.phone}}"],
  ["First Name", "{{row.First Name}}"],
  ["Téléphone", "{{row.Téléphone}}"],
  ["Phone (mobile)", '{{row["Phone (mobile)"]}}'],
  ['a"b', '{{row["a\\"b"]}}'],
])("%s is written as %s", (column, text) => {
  expect(placeholder(column)).toBe(text);
});

test("the columns of numbers and people are guessed", () => {
  expect(phoneColumn(["Name", "Mobile"])).toBe("Mobile");
  expect(phoneColumn(["x", "y"])).toBe("x");
  expect(phoneColumn([])).toBeNull();
  expect(userColumn(["phone", "Customer ID"])).toBe("Customer ID");
  expect(userColumn(["Name", "phone"])).toBe("phone");
});

const mapping = { phone: "phone", user: "id", metadata: ["name"] };

test("a phone call gets its number and metadata, and keeps what else it says", () => {
  const draft = bodyDraft("outbound", { agentId: "a", testSpeed: 10 });
  const body = {
    agentId: "a",
    testSpeed: 10,
    phoneNumber: "{{row.phone}}",
    metadata: { name: "{{row.name}}" },
  };
  expect(bodyOf(withMapping(draft, "outbound", mapping, NO_MAPPING))).toEqual(body);
  const edited = withMapping(asJson(draft), "outbound", mapping, NO_MAPPING);
  expect(edited.json).not.toBeNull();
  expect(bodyOf(edited)).toEqual(body);
  expect(bodyOf(withMapping(draft, "outbound", { ...mapping, metadata: [] }, NO_MAPPING))).not.toHaveProperty(
    "metadata",
  );
});

test("a workflow call gets its person, and its number in the context", () => {
  const draft = bodyDraft("workflow", { workflow_slug: "w" });
  expect(bodyOf(withMapping(draft, "workflow", { ...mapping, metadata: [] }, NO_MAPPING))).toEqual({
    workflow_slug: "w",
    user_id: "{{row.id}}",
    user_context: { phone: "{{row.phone}}" },
  });
});

test("another column changes its own place alone", () => {
  const first = withMapping(bodyDraft("outbound", { agentId: "a" }), "outbound", mapping, NO_MAPPING);
  const metadata = '{"name": "{{row.name}} of {{row.town}}", "campaign": "spring"}';
  const written = { ...first, call: { ...first.call, phoneNumber: "+49{{row.phone}}", metadata } };
  const next = { ...mapping, user: "email", metadata: ["name", "town"] };
  const body = bodyOf(withMapping(written, "outbound", next, mapping));
  expect(body).toEqual({
    agentId: "a",
    phoneNumber: "+49{{row.phone}}",
    metadata: { name: "{{row.name}} of {{row.town}}", campaign: "spring", town: "{{row.town}}" },
  });
  const without = bodyOf(withMapping(written, "outbound", { ...mapping, metadata: [] }, next));
  expect(without.metadata).toEqual({ name: "{{row.name}} of {{row.town}}", campaign: "spring" });
});

test("text that is no JSON yet is not lost by another column", () => {
  const draft = { ...bodyDraft("outbound", { agentId: "a" }), json: '{"agentId": "a", ' };
  expect(withMapping(draft, "outbound", mapping, NO_MAPPING)).toBe(draft);
});
