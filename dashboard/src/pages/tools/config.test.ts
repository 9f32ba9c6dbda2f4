import { describe, expect, it } from "vitest";
import { asJson, configDraft, configOf, configProblem } from "./config";

const call = {
  type: "api_call",
  method: "POST",
  url: "https://example.com/{{params.meal}}",
  headers: { "X-Key": "{{secrets.crm}}" },
  body: ["{{params.meal}}", 1],
  timeout: 5,
  save: { last: "id" },
};
const parameters = [
  { name: "meal", type: "string", description: "what", required: true, enum: ["soup"] },
  { name: "note", type: "string", required: false, default: "{{user.id}}" },
];

describe("a config that nobody touches is sent as it was read", () => {
  it.each([
    { parameters, actions: [call] },
    {
      parameters: [],
      actions: [
        { type: "transfer_agent", agent: "Ada" },
        { type: "end_call", reason: "done" },
      ],
    },
    { parameters: [], actions: [{ type: "set_state", values: { a: null }, append: { b: { c: 1 } } }] },
    {
      parameters: [],
      actions: [{ type: "api_call", url: "https://x.test", body: "text" }, { type: "end_call" }],
    },
    { parameters: "none", actions: [7], more: true },
  ])("%j", (config) => {
    expect(configOf(configDraft(config))).toEqual(config);
    expect(configOf(asJson(configDraft(config)))).toEqual(config);
  });
});

describe("the fields of a config", () => {
  it("show the types that there are, and leave the rest", () => {
    const { actions, parameters: shown, json } = configDraft({ parameters, actions: [call] });
    expect(json).toBeNull();
    expect(actions[0]).toMatchObject({
      texts: { method: "POST" },
      rest: { timeout: 5, save: { last: "id" } },
    });
    expect(shown[0]).toMatchObject({ name: "meal", required: true, rest: { enum: ["soup"] } });
  });

  it("are JSON for what has another form", () => {
    expect(configDraft({ parameters: "none", actions: [7] }).json).toContain("none");
  });

  it("say what is no JSON", () => {
    const draft = configDraft({ parameters: [], actions: [call] });
    const broken = draft.actions.map((action) => ({ ...action, texts: { ...action.texts, headers: "[" } }));
    expect(configProblem(draft)).toBeUndefined();
    expect(configProblem({ ...draft, actions: broken })).toMatch("headers is no valid JSON");
  });
});
