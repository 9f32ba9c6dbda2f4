import { describe, expect, it } from "vitest";
import { parseObject } from "~/lib/json-text";
import type { Trigger } from "./queries";
import { fieldsOf, NEW_TRIGGER, specOf, withKind } from "./trigger-form";

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
    expect(specOf(fields, parseObject(fields.body, "body").value ?? {})).toEqual({ ...trigger });
  });
  it("sends no empty condition", () => {
    expect(specOf({ ...NEW_TRIGGER, when: "  " }, {}).when).toBeNull();
    expect(specOf({ ...NEW_TRIGGER, when: "type == 'a'" }, {}).when).toBe("type == 'a'");
  });
  it("shows the example of another kind, unless the body was edited", () => {
    expect(withKind(NEW_TRIGGER, "outbound").body).toContain("phoneNumber");
    expect(withKind({ ...NEW_TRIGGER, body: "{}" }, "outbound").body).toBe("{}");
  });
});
