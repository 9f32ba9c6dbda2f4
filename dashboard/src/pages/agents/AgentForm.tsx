import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, body } from "~/api/client";
import { newIdempotencyKey } from "~/api/idempotency";
import classes from "../build/build.module.css";
import type { Agent } from "../build/queries";
import { SaveBar } from "../build/SaveBar";
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
  const [draft, setDraft] = useState(() => agentDraft(agent));
  const [once] = useState(newIdempotencyKey);
  const client = useQueryClient();
  const save = useMutation({
    mutationFn: () => {
      const spec = agentSpec(draft);
      if (!agent) return body(api.POST("/api/v1/agents", { body: spec, headers: once }));
      const params = { path: { agent_id: agent.id } };
      return body(api.PATCH("/api/v1/agents/{agent_id}", { params, body: spec }));
    },
    onSuccess: async (saved) => {
      await client.invalidateQueries({ queryKey: ["agents"] });
      onSaved(saved);
    },
  });
  return (
    <form className={classes.form} onSubmit={(event) => event.preventDefault()}>
      <AgentFields
        draft={draft}
        onChange={(change) => setDraft((before) => ({ ...before, ...change }))}
        error={save.error}
        isNew={!agent}
      />
      <SaveBar
        scope="agents:write"
        label={agent ? "Save" : "Create agent"}
        error={save.error}
        fields={FIELDS}
        isSaving={save.isPending}
        done={save.data && agent && `Saved as version ${save.data.version}.`}
        onSave={() => save.mutate()}
        onCancel={onCancel}
      />
    </form>
  );
}
