import { expect, test } from "vitest";
import type { Agent, Tool, Workflow } from "./queries";
import { usersOfAgent, usersOfSecret, usersOfTool } from "./users";

const workflow = { slug: "w", entry_agent: "Ada", agents: ["Bob"], tools: ["save"] } as unknown as Workflow;
const agent = { name: "Ada", tools: ["look_up"] } as unknown as Agent;
const tool = (header: string) => ({ name: "t", config: { headers: { A: header } } }) as unknown as Tool;

test("an agent is used by the workflows that it begins or joins", () => {
  expect(usersOfAgent("Ada", [workflow])).toEqual(["workflow w"]);
  expect(usersOfAgent("Bob", [workflow])).toEqual(["workflow w"]);
  expect(usersOfAgent("Eve", [workflow])).toEqual([]);
});

test("a tool is used by workflows and agents", () => {
  expect(usersOfTool("save", [workflow], [agent])).toEqual(["workflow w"]);
  expect(usersOfTool("look_up", [workflow], [agent])).toEqual(["agent Ada"]);
});

test.each([
  ["Bearer {{secrets.crm}}", "crm", true],
  ['{{secrets["crm-key"]}}', "crm-key", true],
  ["{{secrets.crm_2}}", "crm", false],
  ["{{secrets.crm-key}}", "crm", false],
])("%s refers to %s: %s", (header, name, isUsed) => {
  expect(usersOfSecret(name, [tool(header)])).toEqual(isUsed ? ["tool t"] : []);
});
