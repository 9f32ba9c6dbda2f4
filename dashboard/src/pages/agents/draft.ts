/** An agent as its form edits it. Pure. */
import type { Schemas } from "~/api/client";
import { policyDraft, policySpec, type PolicyDraft } from "../build/policy";
import type { Agent } from "../build/queries";

export interface AgentDraft extends PolicyDraft {
  name: string;
  livekit_agent_name: string;
  type: string;
  isActive: boolean;
  trunk: string | null;
  phone_numbers: string[];
  wait_for_agent: boolean;
  agent_join_timeout_s: number | string;
  ring_timeout_s: number | string;
  max_call_duration_s: number | string;
  agent_lost: string;
  tools: string[];
}

const NEW: Omit<AgentDraft, keyof PolicyDraft> = {
  name: "",
  livekit_agent_name: "",
  type: "voice",
  isActive: true,
  trunk: null,
  phone_numbers: [],
  wait_for_agent: true,
  agent_join_timeout_s: 20,
  ring_timeout_s: 45,
  max_call_duration_s: 3600,
  agent_lost: "hang_up",
  tools: [],
};

export function agentDraft(agent: Agent | undefined): AgentDraft {
  if (!agent) return { ...NEW, ...policyDraft({ redial: null, calling_window: null }) };
  const { name, livekit_agent_name, type, trunk, phone_numbers, wait_for_agent, agent_lost, tools } = agent;
  const { agent_join_timeout_s, ring_timeout_s, max_call_duration_s } = agent;
  return {
    ...policyDraft(agent),
    ...{ name, livekit_agent_name, type, trunk, phone_numbers, wait_for_agent, agent_lost, tools },
    ...{ agent_join_timeout_s, ring_timeout_s, max_call_duration_s },
    isActive: agent.status === "active",
  };
}

export function agentSpec(draft: AgentDraft): Schemas["AgentSpec"] {
  return {
    ...policySpec(draft),
    name: draft.name,
    livekit_agent_name: draft.livekit_agent_name,
    type: draft.type === "chat" ? "chat" : "voice",
    status: draft.isActive ? "active" : "inactive",
    trunk: draft.trunk,
    phone_numbers: draft.phone_numbers,
    wait_for_agent: draft.wait_for_agent,
    agent_join_timeout_s: Number(draft.agent_join_timeout_s),
    ring_timeout_s: Number(draft.ring_timeout_s),
    max_call_duration_s: Number(draft.max_call_duration_s),
    agent_lost: draft.agent_lost === "redispatch" ? "redispatch" : "hang_up",
    tools: draft.tools,
  };
}
