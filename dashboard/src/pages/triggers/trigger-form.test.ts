import { describe, expect, it } from "vitest";
import { bodyOf } from "../call-form/body";
import type { Trigger } from "./queries";
import { fieldsOf, specOf, withKind } from "./trigger-form";

const trigger = {
  name: "signups",
  description: "",
  kind: "outbound",
  body: { agentId: "a" },
  when: null,
  event_id: "{{event.id}}",
} as unknown as Trigger;
const fresh = fieldsOf(undefined);

describe("the form of a trigger", () => {
  it("sends back what it read", () => {
    expect(specOf(fieldsOf(trigger))).toEqual({ ...trigger });
  });
  it("sends no empty condition", () => {
    expect(specOf({ ...fresh, when: "  " }).when).toBeNull();
    expect(specOf({ ...fresh, when: "type == 'a'" }).when).toBe("type == 'a'");
  });
  it("shows the example of another kind, unless the body was edited", () => {
    expect(bodyOf(withKind(fresh, "workflow").call)).toHaveProperty("user_id", "{{event.user.id}}");
    const edited = { ...fresh, call: { ...fresh.call, json: '{"metadata": {}}' } };
    expect(bodyOf(withKind(edited, "workflow").call)).toEqual({ metadata: {} });
  });
});
