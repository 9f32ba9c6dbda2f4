import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, body } from "~/api/client";
import { newIdempotencyKey } from "~/api/idempotency";
import { parseObject } from "~/lib/json-text";
import classes from "../build/build.module.css";
import type { Workflow } from "../build/queries";
import { SaveBar } from "../build/SaveBar";
import { workflowDraft, workflowSpec } from "./draft";
import { WorkflowFields } from "./WorkflowFields";

interface WorkflowFormProps {
  /** The workflow to change; without, one is created. */
  workflow?: Workflow;
  onSaved: (workflow: Workflow) => void;
  onCancel?: () => void;
}

const FIELDS = [
  ...["slug", "name", "description", "channel", "entry_agent", "agents", "tools", "variables"],
  ...["secret_keys", "redial", "calling_window", "priority", "join_window_s"],
];

export function WorkflowForm({ workflow, onSaved, onCancel }: WorkflowFormProps) {
  const [draft, setDraft] = useState(() => workflowDraft(workflow));
  const [once] = useState(newIdempotencyKey);
  const client = useQueryClient();
  const save = useMutation({
    mutationFn: () => {
      const spec = workflowSpec(draft);
      if (!workflow) return body(api.POST("/api/v1/workflows", { body: spec, headers: once }));
      const params = { path: { slug: workflow.slug } };
      return body(api.PATCH("/api/v1/workflows/{slug}", { params, body: spec }));
    },
    onSuccess: async (saved) => {
      await client.invalidateQueries({ queryKey: ["workflows"] });
      onSaved(saved);
    },
  });
  return (
    <form className={classes.form} onSubmit={(event) => event.preventDefault()}>
      <WorkflowFields
        draft={draft}
        onChange={(change) => setDraft((before) => ({ ...before, ...change }))}
        error={save.error}
        isNew={!workflow}
      />
      <SaveBar
        scope="workflows:write"
        label={workflow ? "Save" : "Create workflow"}
        error={save.error}
        fields={FIELDS}
        isSaving={save.isPending}
        done={save.data && workflow && `Saved as version ${save.data.version}.`}
        onSave={() => {
          if (!parseObject(draft.variables, "variables").error) save.mutate();
        }}
        onCancel={onCancel}
      />
    </form>
  );
}
