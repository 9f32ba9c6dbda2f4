/** A workflow as its form edits it. Pure. */
import type { Schemas } from "~/api/client";
import { parseObject, prettyJson } from "~/lib/json-text";
import { policyDraft, policySpec, type PolicyDraft } from "../build/policy";
import type { Workflow } from "../build/queries";

export interface WorkflowDraft extends PolicyDraft {
  slug: string;
  name: string;
  description: string;
  channel: string;
  entry_agent: string;
  agents: string[];
  tools: string[];
  /** JSON. */
  variables: string;
  secret_keys: string[];
  priority: number | string;
  join_window_s: number | string;
}

const NEW: Omit<WorkflowDraft, keyof PolicyDraft> = {
  slug: "",
  name: "",
  description: "",
  channel: "web",
  entry_agent: "",
  agents: [],
  tools: [],
  variables: "{}",
  secret_keys: [],
  priority: 5,
  join_window_s: 900,
};

export function workflowDraft(workflow: Workflow | undefined): WorkflowDraft {
  if (!workflow) return { ...NEW, ...policyDraft({ redial: null, calling_window: null }) };
  const { slug, name, description, channel, entry_agent, agents, tools, secret_keys } = workflow;
  return {
    ...policyDraft(workflow),
    ...{ slug, name, description, channel, entry_agent, agents, tools, secret_keys },
    variables: prettyJson(workflow.variables),
    priority: workflow.priority,
    join_window_s: workflow.join_window_s,
  };
}

/** What the API takes; variables that are no object were refused before. */
export function workflowSpec(draft: WorkflowDraft): Schemas["WorkflowSpec"] {
  return {
    ...policySpec(draft),
    slug: draft.slug,
    name: draft.name,
    description: draft.description,
    channel: draft.channel === "phone" ? "phone" : "web",
    entry_agent: draft.entry_agent,
    agents: draft.agents,
    tools: draft.tools,
    variables: parseObject(draft.variables, "variables").value ?? {},
    secret_keys: draft.secret_keys,
    priority: Number(draft.priority),
    join_window_s: Number(draft.join_window_s),
  };
}
