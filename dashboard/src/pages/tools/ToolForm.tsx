import { Switch, TextInput } from "@mantine/core";
import { api, body } from "~/api/client";
import { Fields, Section } from "~/components/Section";
import { fieldError } from "~/lib/form-errors";
import classes from "../build/build.module.css";
import type { Tool } from "../build/queries";
import { SaveBar } from "../build/SaveBar";
import { useResourceForm } from "../build/use-resource-form";
import { configProblem } from "./config";
import { ConfigEditor } from "./ConfigEditor";
import { toolDraft, toolSpec, type ToolDraft } from "./draft";

interface ToolFormProps {
  /** The tool to change; without, one is created. */
  tool?: Tool;
  onSaved: (tool: Tool) => void;
  onCancel?: () => void;
}

export function ToolForm({ tool, onSaved, onCancel }: ToolFormProps) {
  const params = { path: { tool: tool?.name ?? "" } };
  const form = useResourceForm({
    stored: tool,
    draftOf: toolDraft,
    specOf: toolSpec,
    create: (spec, headers) => body(api.POST("/api/v1/tools", { body: spec, headers })),
    update: (change) => body(api.PATCH("/api/v1/tools/{tool}", { params, body: change })),
    keyOf: ({ name }) => ["tools", name],
    onSaved,
  });
  return (
    <form className={classes.form} onSubmit={(event) => event.preventDefault()}>
      <ToolFields draft={form.draft} onChange={form.change} error={form.error} isNew={form.isNew} />
      <SaveBar
        form={form}
        scope="tools:write"
        create="Create tool"
        fields={["name", "description", "config"]}
        done={`Saved as version ${tool?.version ?? 1}. Later calls use it.`}
        problem={configProblem(form.draft.config)}
        onCancel={onCancel}
      />
    </form>
  );
}

interface ToolFieldsProps {
  draft: ToolDraft;
  onChange: (change: Partial<ToolDraft>) => void;
  error: Error | null;
  isNew: boolean;
}

function ToolFields({ draft, onChange, error, isNew }: ToolFieldsProps) {
  return (
    <>
      <Section title="Tool">
        <Fields>
          <TextInput
            label="Name"
            description={isNew ? "What agents call it. Cannot be changed later." : "Cannot be changed."}
            value={draft.name}
            readOnly={!isNew}
            onChange={(event) => onChange({ name: event.currentTarget.value })}
            error={fieldError(error, "name")}
          />
          <TextInput
            label="Description"
            description="Tells the model when to use it."
            value={draft.description}
            onChange={(event) => onChange({ description: event.currentTarget.value })}
            error={fieldError(error, "description")}
          />
          <Switch
            label="Record bodies"
            description="A call's timeline then has the parameters and the result, until the call is erased."
            checked={draft.record_bodies}
            onChange={(event) => onChange({ record_bodies: event.currentTarget.checked })}
          />
        </Fields>
      </Section>
      <ConfigEditor draft={draft.config} onChange={(config) => onChange({ config })} error={error} />
    </>
  );
}
