import { Switch, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, body } from "~/api/client";
import { newIdempotencyKey } from "~/api/idempotency";
import { JsonField } from "~/components/JsonField";
import { Fields, Section } from "~/components/Section";
import { errorWithin, fieldError } from "~/lib/form-errors";
import { parseObject } from "~/lib/json-text";
import classes from "../build/build.module.css";
import type { Tool } from "../build/queries";
import { SaveBar } from "../build/SaveBar";
import { toolDraft, toolSpec, type ToolDraft } from "./draft";

interface ToolFormProps {
  /** The tool to change; without, one is created. */
  tool?: Tool;
  onSaved: (tool: Tool) => void;
  onCancel?: () => void;
}

export function ToolForm({ tool, onSaved, onCancel }: ToolFormProps) {
  const [draft, setDraft] = useState(() => toolDraft(tool));
  const [once] = useState(newIdempotencyKey);
  const client = useQueryClient();
  const save = useMutation({
    mutationFn: () => {
      const spec = toolSpec(draft);
      if (!tool) return body(api.POST("/api/v1/tools", { body: spec, headers: once }));
      const params = { path: { tool: tool.name } };
      return body(api.PATCH("/api/v1/tools/{tool}", { params, body: spec }));
    },
    onSuccess: async (saved) => {
      await client.invalidateQueries({ queryKey: ["tools"] });
      onSaved(saved);
    },
  });
  const isReadable = parseObject(draft.config, "config").error === undefined;
  return (
    <form className={classes.form} onSubmit={(event) => event.preventDefault()}>
      <ToolFields
        draft={draft}
        onChange={(change) => setDraft((before) => ({ ...before, ...change }))}
        error={save.error}
        isNew={!tool}
      />
      <SaveBar
        scope="tools:write"
        label={tool ? "Save" : "Create tool"}
        error={save.error}
        fields={["name", "description", "config"]}
        isSaving={save.isPending}
        done={save.data && tool && `Saved as version ${save.data.version}. Later calls use it.`}
        onSave={() => isReadable && save.mutate()}
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
    <Section title="Tool">
      <div className={classes.stack}>
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
        </Fields>
        <JsonField
          label="Config"
          description="Parameters that the agent gives, and the actions that run with them."
          value={draft.config}
          minRows={12}
          onChange={(config) => onChange({ config })}
          error={parseObject(draft.config, "config").error ?? errorWithin(error, "config")}
        />
        <Switch
          label="Record bodies"
          description="A call's timeline then has the parameters and the result, until the call is erased."
          checked={draft.record_bodies}
          onChange={(event) => onChange({ record_bodies: event.currentTarget.checked })}
        />
      </div>
    </Section>
  );
}
