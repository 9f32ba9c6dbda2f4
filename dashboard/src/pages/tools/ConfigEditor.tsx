import { Button, SegmentedControl } from "@mantine/core";
import { Plus } from "lucide-react";
import { JsonField } from "~/components/JsonField";
import { Section } from "~/components/Section";
import { errorWithin } from "~/lib/form-errors";
import build from "../build/build.module.css";
import { ActionFields } from "./ActionFields";
import {
  asJson,
  configDraft,
  configOf,
  configProblem,
  newAction,
  newParameter,
  type ConfigDraft,
} from "./config";
import { ParameterFields } from "./ParameterFields";
import classes from "./tools.module.css";

interface ConfigEditorProps {
  draft: ConfigDraft;
  onChange: (draft: ConfigDraft) => void;
  error: Error | null;
}

/** What an agent gives to a tool, and what the tool does: by fields, or as JSON where it says more than they do. */
export function ConfigEditor({ draft, onChange, error }: ConfigEditorProps) {
  const problem = configProblem(draft);
  const wrong = errorWithin(error, "config");
  const isJson = draft.json !== null;
  const show = (as: string) => {
    if (problem === undefined) onChange(as === "json" ? asJson(draft) : configDraft(configOf(draft)));
  };
  const modes = (
    <SegmentedControl
      size="xs"
      aria-label="Edit the config"
      value={isJson ? "json" : "fields"}
      onChange={show}
      disabled={problem !== undefined}
      data={[
        { value: "fields", label: "Fields" },
        { value: "json", label: "JSON" },
      ]}
    />
  );
  if (isJson) {
    return (
      <Section
        title="Config"
        text="Parameters that the agent gives, and the actions that run with them."
        actions={modes}
      >
        <JsonField
          label="Config"
          value={draft.json ?? ""}
          minRows={12}
          onChange={(json) => onChange({ ...draft, json })}
          error={problem ?? wrong}
        />
      </Section>
    );
  }
  return (
    <>
      <Section
        title="Parameters"
        text="What the agent gives. The model sees names and descriptions."
        actions={modes}
      >
        <Parameters draft={draft} onChange={onChange} />
      </Section>
      <Section title="Actions" text="They run in order, and the first one that fails is the last.">
        <Actions draft={draft} onChange={onChange} />
        {wrong && (
          <p role="alert" className={build.error}>
            {wrong}
          </p>
        )}
      </Section>
    </>
  );
}

type PartProps = Omit<ConfigEditorProps, "error">;

function Parameters({ draft, onChange }: PartProps) {
  const { parameters } = draft;
  return (
    <div className={build.stack}>
      {parameters.map((parameter, index) => (
        <ParameterFields
          key={parameter.key}
          parameter={parameter}
          onChange={(changed) => onChange({ ...draft, parameters: parameters.with(index, changed) })}
          onRemove={() => onChange({ ...draft, parameters: parameters.toSpliced(index, 1) })}
        />
      ))}
      <Button
        variant="default"
        size="xs"
        className={classes.add}
        leftSection={<Plus size={13} />}
        onClick={() => onChange({ ...draft, parameters: [...parameters, newParameter()] })}
      >
        Add a parameter
      </Button>
    </div>
  );
}

function Actions({ draft, onChange }: PartProps) {
  const { actions } = draft;
  return (
    <div className={build.stack}>
      {actions.map((action, index) => (
        <ActionFields
          key={action.key}
          action={action}
          number={index + 1}
          onChange={(changed) => onChange({ ...draft, actions: actions.with(index, changed) })}
          onRemove={() => onChange({ ...draft, actions: actions.toSpliced(index, 1) })}
        />
      ))}
      <Button
        variant="default"
        size="xs"
        className={classes.add}
        leftSection={<Plus size={13} />}
        onClick={() => onChange({ ...draft, actions: [...actions, newAction()] })}
      >
        Add an action
      </Button>
    </div>
  );
}
