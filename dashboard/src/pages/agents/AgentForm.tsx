import { api, body } from "~/api/client";
import classes from "../build/build.module.css";
import type { Agent } from "../build/queries";
import { SaveBar } from "../build/SaveBar";
import { useResourceForm } from "../build/use-resource-form";
import { AgentFields } from "./AgentFields";
import { agentDraft, agentSpec } from "./draft";

interface AgentFormProps {
  /** The agent to change; without, one is created. */
  agent?: Agent;
  onSaved: (agent: Agent) => void;
  onCancel?: () => void;
}

const FIELDS = [
  ...["name", "livekit_agent_name", "trunk", "phone_numbers", "tools", "redial", "calling_window"],
  ...["agent_join_timeout_s", "ring_timeout_s", "max_call_duration_s", "agent_lost"],
];

export function AgentForm({ agent, onSaved, onCancel }: AgentFormProps) {
  const params = { path: { agent_id: agent?.id ?? "" } };
  const form = useResourceForm({
    stored: agent,
    draftOf: agentDraft,
    specOf: agentSpec,
    create: (spec, headers) => body(api.POST("/api/v1/agents", { body: spec, headers })),
    update: (change) => body(api.PATCH("/api/v1/agents/{agent_id}", { params, body: change })),
    keyOf: ({ id }) => ["agents", id],
    onSaved,
  });
  return (
    <form className={classes.form} onSubmit={(event) => event.preventDefault()}>
      <AgentFields draft={form.draft} onChange={form.change} error={form.error} isNew={form.isNew} />
      <SaveBar
        form={form}
        scope="agents:write"
        create="Create agent"
        fields={FIELDS}
        done={`Saved as version ${agent?.version ?? 1}.`}
        onCancel={onCancel}
      />
    </form>
  );
}
