import { describe, expect, it } from "vitest";
import { consequence, fieldsOf, specOf } from "./rules-form";

const rules = {
  allowed_prefixes: ["+49"],
  denied_prefixes: ["+4915"],
  frequency_cap: { max_attempts: 3, per_hours: 24 },
  default_timezone: "Europe/Berlin",
};
const none = { allowed_prefixes: [], denied_prefixes: [], frequency_cap: null, default_timezone: null };

describe("the form of number rules", () => {
  it("sends back what it read", () => {
    expect(specOf(fieldsOf(rules))).toEqual(rules);
    expect(specOf(fieldsOf(none))).toEqual(none);
  });
  it("takes prefixes as people write them, and leaves the rest to the API", () => {
    const fields = { ...fieldsOf(none), denied_prefixes: ["1 900", "001900", "+44", "abc"] };
    expect(specOf(fields).denied_prefixes).toEqual(["+1900", "+1900", "+44", "abc"]);
  });
  it("sends half a cap, so that the API names what is missing", () => {
    expect(specOf({ ...fieldsOf(none), max_attempts: 3 }).frequency_cap).toEqual({
      max_attempts: 3,
      per_hours: 0,
    });
  });
});

describe("what saving does", () => {
  it("is said where it ends calls", () => {
    expect(consequence(none, { ...fieldsOf(none), allowed_prefixes: ["+1"] })).toContain("Only numbers with");
    expect(consequence(rules, { ...fieldsOf(rules), denied_prefixes: ["+4915", "+4916"] })).toContain(
      "no longer",
    );
    expect(consequence(rules, { ...fieldsOf(rules), allowed_prefixes: ["+1"] })).toContain("no longer");
  });
  it("is nothing to ask about elsewhere", () => {
    expect(consequence(rules, fieldsOf(rules))).toBeNull();
    expect(consequence(rules, { ...fieldsOf(rules), allowed_prefixes: [] })).toBeNull();
    expect(consequence(rules, { ...fieldsOf(rules), max_attempts: 1 })).toBeNull();
  });
});
