import { describe, expect, it } from "vitest";
import type { Trigger } from "./queries";
import { exampleEvent, kindWords, outcomeText, outcomeTone, sendCommand } from "./words";

const trigger = {
  url: "https://api.example/api/v1/triggers/trg_1/events",
  event_id: "{{event.id}}",
  body: { user_id: "{{event.user.id}}", user_context: { name: '{{ event.user.name | default("it\'s") }}' } },
} as unknown as Trigger;

describe("an outcome", () => {
  it("is the API's own word for a refusal", () => {
    expect(outcomeText({ outcome: "refused", error: "Number suppressed" })).toBe("Number suppressed");
    expect(outcomeText({ outcome: "ignored", error: null })).toBe("The condition did not match.");
    expect(outcomeText({ outcome: "of_later", error: null })).toBe("of later");
  });
  it("has a tone", () => {
    expect(["called", "ignored", "refused", "new"].map(outcomeTone)).toEqual(["good", "idle", "bad", "info"]);
  });
});

describe("a kind", () => {
  it("is in words", () => {
    expect([kindWords("outbound"), kindWords("other")]).toEqual(["phone call", "other"]);
  });
});

describe("an example event", () => {
  it("has what the templates name", () => {
    expect(exampleEvent(trigger)).toEqual({
      id: "example-id",
      user: { id: "example-id", name: "example-name" },
    });
  });
  it("has a test number where a phone is named", () => {
    expect(exampleEvent({ event_id: "{{event.id}}", body: { phoneNumber: "{{event.lead.phone}}" } })).toEqual(
      {
        id: "example-id",
        lead: { phone: "+15550100001" },
      },
    );
  });
  it("changes no prototype", () => {
    exampleEvent({ event_id: "{{event.__proto__.polluted}}", body: {} });
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });
});

describe("the request that sends it", () => {
  it("can be pasted, with the secret or its place", () => {
    expect(sendCommand(trigger)).toContain("Bearer $SECRET");
    expect(sendCommand(trigger, "whsec_x")).toContain("Bearer whsec_x");
    expect(sendCommand({ ...trigger, event_id: "{{event.it.s}}" })).toContain(`-d '{"it":{"s":"example-s"}`);
  });
});
