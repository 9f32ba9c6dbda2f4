import { describe, expect, it } from "vitest";
import { fromLocalField } from "~/lib/local-time";
import { EMPTY_CALL, type CallDraft } from "./draft";
import { curlOf, jsonErrorsOf, requestOf } from "./request";

const phone = (change: Partial<CallDraft> = {}): CallDraft => ({ ...EMPTY_CALL, ...change });

describe("the request of a draft", () => {
  it("has what was typed, and leaves out what was not", () => {
    const draft = phone({ agentId: "a", phoneNumber: "+15550100001" });
    expect(requestOf(draft, false, false)).toEqual({
      path: "/api/v1/calls/outbound",
      body: { agentId: "a", phoneNumber: "+15550100001" },
    });
  });

  it("sends what is wrong as it is, so that the API explains it", () => {
    const { body } = requestOf(
      phone({ priority: "high", phoneNumber: "0800", redials: true, maxAttempts: "" }),
      true,
      false,
    );
    expect(body).toMatchObject({ priority: "high", phoneNumber: "0800", redial: { maxAttempts: "" } });
  });

  it("goes to another route for a later time", () => {
    const { path, body } = requestOf(phone({ isLater: true, earliestAt: "2026-12-01T09:00" }), false, false);
    expect(path).toBe("/api/v1/calls/schedule");
    expect(body.earliestAt).toBe(fromLocalField("2026-12-01T09:00"));
  });

  it("puts the number of a phone workflow into the user's context", () => {
    const draft = phone({
      kind: "workflow",
      workflowSlug: "demo",
      userId: "u",
      phoneNumber: "+1",
      userContext: '{"name": "Ada"}',
    });
    expect(requestOf(draft, false, true).body).toMatchObject({
      workflow_slug: "demo",
      user_context: { name: "Ada", phone: "+1" },
    });
    expect(requestOf(draft, false, false).body.user_context).toEqual({ name: "Ada" });
  });

  it("sends a speed in test mode alone", () => {
    expect(requestOf(phone({ testSpeed: "10" }), true, false).body.testSpeed).toBe(10);
    expect(requestOf(phone({ testSpeed: "10" }), false, false).body.testSpeed).toBeUndefined();
  });

  it("says which text is no JSON", () => {
    expect(jsonErrorsOf(phone({ metadata: "{" })).metadata).toContain("This is not JSON");
    expect(jsonErrorsOf(phone({ metadata: "{}", userContext: "{" }))).toEqual({});
  });
});

describe("large integers", () => {
  it("reach the API and the command with every digit", () => {
    const request = requestOf(phone({ metadata: '{"order": 12345678901234567890}' }), false, false);
    expect(JSON.stringify(request.body)).toContain('{"order":12345678901234567890}');
    expect(curlOf(request, "https://api.test", "KEY")).toContain('"order": 12345678901234567890');
  });
});

describe("the command", () => {
  it("cannot be left by a quote in a value", () => {
    const command = curlOf({ path: "/api/v1/calls", body: { user_id: "O'Hara" } }, "https://api.test", "KEY");
    expect(command).toContain(String.raw`O'\''Hara`);
  });
});
