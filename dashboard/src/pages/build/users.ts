/** What refers to an agent, a tool or a secret. Pure. */
import type { Agent, Tool, Workflow } from "./queries";

export function usersOfAgent(name: string, workflows: Workflow[]): string[] {
  return workflows
    .filter((workflow) => workflow.entry_agent === name || workflow.agents.includes(name))
    .map((workflow) => `workflow ${workflow.slug}`);
}

export function usersOfTool(name: string, workflows: Workflow[], agents: Agent[]): string[] {
  return [
    ...workflows.filter(({ tools }) => tools.includes(name)).map(({ slug }) => `workflow ${slug}`),
    ...agents.filter(({ tools }) => tools.includes(name)).map((agent) => `agent ${agent.name}`),
  ];
}

export function usersOfSecret(name: string, tools: Tool[]): string[] {
  const used = new RegExp(`secrets(\\.${name}(?![\\w-])|\\["${name}"\\])`);
  return tools
    .filter(({ config }) => used.test(JSON.stringify(config).replaceAll('\\"', '"')))
    .map((tool) => `tool ${tool.name}`);
}
