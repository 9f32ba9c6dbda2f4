import { api, body } from "~/api/client";
import { parseObject } from "~/lib/json-text";
import classes from "../build/build.module.css";
import type { Workflow } from "../build/queries";
import { SaveBar } from "../build/SaveBar";
import { useResourceForm } from "../build/use-resource-form";
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
  const params = { path: { slug: workflow?.slug ?? "" } };
  const form = useResourceForm({
    stored: workflow,
    draftOf: workflowDraft,
    specOf: workflowSpec,
    create: (spec, headers) => body(api.POST("/api/v1/workflows", { body: spec, headers })),
    update: (change) => body(api.PATCH("/api/v1/workflows/{slug}", { params, body: change })),
    keyOf: ({ slug }) => ["workflows", slug],
    onSaved,
  });
  return (
    <form className={classes.form} onSubmit={(event) => event.preventDefault()}>
      <WorkflowFields draft={form.draft} onChange={form.change} error={form.error} isNew={form.isNew} />
      <SaveBar
        form={form}
        scope="workflows:write"
        create="Create workflow"
        fields={FIELDS}
        done={`Saved as version ${workflow?.version ?? 1}.`}
        problem={parseObject(form.draft.variables, "variables").error}
        onCancel={onCancel}
      />
    </form>
  );
}
