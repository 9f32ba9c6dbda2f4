import { Button, Checkbox, Select, TextInput } from "@mantine/core";
import { namesWith } from "../build/names";
import { PARAMETER_TYPES, type ParameterDraft } from "./config";
import classes from "./tools.module.css";

interface ParameterFieldsProps {
  parameter: ParameterDraft;
  onChange: (parameter: ParameterDraft) => void;
  onRemove: () => void;
}

export function ParameterFields({ parameter, onChange, onRemove }: ParameterFieldsProps) {
  const set = (change: Partial<ParameterDraft>) => onChange({ ...parameter, ...change });
  const rest = Object.keys(parameter.rest);
  return (
    <div className={classes.parameter}>
      <TextInput
        aria-label="Name of the parameter"
        placeholder="name"
        value={parameter.name}
        onChange={(event) => set({ name: event.currentTarget.value })}
      />
      <Select
        aria-label={`Type of ${parameter.name || "the parameter"}`}
        data={namesWith(PARAMETER_TYPES, [parameter.type])}
        allowDeselect={false}
        value={parameter.type}
        onChange={(type) => set({ type: type ?? parameter.type })}
      />
      <TextInput
        aria-label={`Description of ${parameter.name || "the parameter"}`}
        placeholder="What the model should give"
        value={parameter.description}
        onChange={(event) => set({ description: event.currentTarget.value })}
      />
      <Checkbox
        label="Required"
        checked={parameter.required}
        onChange={(event) => set({ required: event.currentTarget.checked })}
      />
      <Button
        variant="default"
        size="compact-sm"
        aria-label={`Remove ${parameter.name || "the parameter"}`}
        onClick={onRemove}
      >
        Remove
      </Button>
      {rest.length > 0 && <p className={classes.rest}>{`Also set, in the JSON: ${rest.join(", ")}.`}</p>}
    </div>
  );
}
