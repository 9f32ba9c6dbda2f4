import { describe, expect, it } from "vitest";
import { parseExactly } from "~/lib/exact-json";
import { asJson, bodyDraft, bodyOf, bodyProblem, withKind, type BodyDraft } from "./body";

const redial = { maxAttempts: 2, retryOn: ["busy"], intervals: [60] };
const window = { start: "09:00", end: "24:00", days: ["mon", "sun"], timezone: "Europe/Berlin" };

const edited = (draft: BodyDraft, change: Partial<BodyDraft["call"]>) => ({
  ...draft,
  call: { ...draft.call, ...change },
});

describe("a body that nobody touches is sent as it was read", () => {
  it.each([
    ["outbound", { agentId: "a", phoneNumber: "{{event.phone}}" }],
    [
      "outbound",
      { agentId: "a", phoneNumber: "+1", callerId: "+2", priority: 0, redial, callingWindow: window },
    ],
    ["outbound", { agentId: "{{event.agent}}", priority: "{{event.priority}}", metadata: "{{event.all}}" }],
    [
      "outbound",
      { redial: "{{event.redial}}", callingWindow: { start: "09:00", end: "10:00", days: "{{row.days}}" } },
    ],
    [
      "outbound",
      { redial: { maxAttempts: 3 }, callingWindow: { start: "1", end: "2", days: ["mon"] }, testSpeed: 10 },
    ],
    [
      "schedule",
      { agentId: "a", phoneNumber: "+1", earliestAt: "2026-12-01T09:00:00Z", latestAt: "{{event.by}}" },
    ],
    [
      "workflow",
      { workflow_slug: "w", user_id: "{{event.id}}", user_context: { phone: "+1", a: { b: [1] } } },
    ],
    [
      "workflow",
      { workflow_slug: "w", user_id: 7, user_context: { phone: 1 }, calling_window: window, redial },
    ],
    ["workflow", { workflow_slug: "w", user_id: "u", user_context: {}, metadata: {} }],
    ["workflow", { workflow_slug: "w", user_id: "u", user_context: "{{event.user}}" }],
    ["workflow", { workflow_slug: "w", user_id: "u", user_context: "[hidden]", priority: 3 }],
    ["workflow", { workflow_slug: "w", user_id: "u", user_context: { phone: "[hidden]" }, expires_at: null }],
  ])("%s %j", (kind, body) => {
    expect(bodyOf(bodyDraft(kind, body))).toEqual(body);
    expect(bodyOf(asJson(bodyDraft(kind, body)))).toEqual(body);
  });

  it("with every digit of its integers", () => {
    const text = '{"metadata":{"order":12345678901234567890}}';
    expect(JSON.stringify(bodyOf(bodyDraft("outbound", parseExactly(text) as Record<string, unknown>)))).toBe(
      text,
    );
  });
});

describe("the fields of a body", () => {
  it("show what they can, and leave the rest", () => {
    const draft = bodyDraft("outbound", {
      agentId: "a",
      redial,
      callingWindow: "{{event.w}}",
      testSpeed: 10,
    });
    expect(draft.call).toMatchObject({ agentId: "a", redials: true, maxAttempts: 2, hasWindow: false });
    expect(draft.rest).toEqual({ callingWindow: "{{event.w}}", testSpeed: 10 });
  });

  it("change one value, and leave out one that was emptied", () => {
    const draft = bodyDraft("outbound", { agentId: "a", phoneNumber: "+1", callerId: "+2", testSpeed: 10 });
    expect(bodyOf(edited(draft, { agentId: "b", callerId: "" }))).toEqual({
      agentId: "b",
      phoneNumber: "+1",
      testSpeed: 10,
    });
  });

  it("put a workflow's number into its context", () => {
    const draft = bodyDraft("workflow", { workflow_slug: "w", user_id: "u" });
    expect(bodyOf(edited(draft, { phoneNumber: "{{row.phone}}" })).user_context).toEqual({
      phone: "{{row.phone}}",
    });
  });

  it("stay for another route where both have them", () => {
    const draft = withKind(
      bodyDraft("outbound", { agentId: "a", phoneNumber: "+1", metadata: { x: 1 } }),
      "workflow",
    );
    expect(bodyOf(draft)).toEqual({ metadata: { x: 1 }, user_context: { phone: "+1" } });
  });

  it("say what is no JSON", () => {
    const draft = bodyDraft("workflow", {});
    expect(bodyProblem(draft)).toBeUndefined();
    expect(bodyProblem(edited(draft, { userContext: "{" }))).toMatch("This is not JSON");
    expect(bodyProblem({ ...draft, json: "[]" })).toBe("body must be an object: { … }");
  });
});
