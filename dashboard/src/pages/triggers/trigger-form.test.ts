import { describe, expect, it } from "vitest";
import type { Trigger } from "./queries";
import { fieldsOf, NEW_TRIGGER, parseBody, specOf, withKind } from "./trigger-form";

const trigger = {
  name: "signups",
  description: "",
  kind: "outbound",
  body: { agentId: "a" },
  when: null,
  event_id: "{{event.id}}",
} as unknown as Trigger;

describe("the form of a trigger", () => {
  it("sends back what it read", () => {
    const fields = fieldsOf(trigger);
    const parsed = parseBody(fields.body);
    expect("body" in parsed && specOf(fields, parsed.body)).toEqual({ ...trigger });
  });
  it("sends no empty condition", () => {
    expect(specOf({ ...NEW_TRIGGER, when: "  " }, {}).when).toBeNull();
    expect(specOf({ ...NEW_TRIGGER, when: "type == 'a'" }, {}).when).toBe("type == 'a'");
  });
  it("shows the example of another kind, unless the body was edited", () => {
    expect(withKind(NEW_TRIGGER, "outbound").body).toContain("phoneNumber");
    expect(withKind({ ...NEW_TRIGGER, body: "{}" }, "outbound").body).toBe("{}");
  });
  it("says what is no JSON object", () => {
    expect(parseBody("[1]")).toEqual({ error: "body must be a JSON object" });
    expect(parseBody("{")).toHaveProperty("error", expect.stringContaining("body is not valid JSON"));
    expect(parseBody('{"a": 1}')).toEqual({ body: { a: 1 } });
  });
});
